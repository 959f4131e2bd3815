/** The part of the monolith that moves out: a class as it was before anybody thought of networks. */
import { SluiceError } from "@sluice/protocol";

export interface Order {
  readonly id: number;
  /** Cents. */
  readonly total: number;
}

const cents = new Map([
  ["tea", 320],
  ["cake", 450],
]);

export class Shop {
  readonly #orders = new Map<number, Order>();

  price(thing: string): number {
    const price = cents.get(thing);
    if (price === undefined) throw new SluiceError("NOT_FOUND", `There is no ${thing}`);
    return price;
  }

  order(thing: string, count: number): Order {
    const order = { id: this.#orders.size + 1, total: count * this.price(thing) };
    this.#orders.set(order.id, order);
    return order;
  }

  async *track(id: number): AsyncGenerator<string, void> {
    if (!this.#orders.has(id)) throw new SluiceError("NOT_FOUND", `There is no order ${id}`);
    yield* ["baked", "packed", "delivered"];
  }
}
