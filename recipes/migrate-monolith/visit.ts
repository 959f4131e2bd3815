/** The rest of the monolith, which uses a shop. Whether that is an object of its own or somebody else's, it cannot tell. */
import { SluiceError } from "@sluice/protocol";
import type { Order } from "./shop.ts";

/** What both a `Shop` and `client.api` are. */
export interface AnyShop {
  price(thing: string): number | PromiseLike<number>;
  order(thing: string, count: number): Order | PromiseLike<Order>;
  track(id: number): AsyncIterable<string>;
}

/** Buys something, and prints what happens. */
export async function visit(shop: AnyShop): Promise<void> {
  console.log(`tea is ${await shop.price("tea")}`);
  const { id, total } = await shop.order("cake", 3);
  console.log(`order ${id}: ${total}`);
  for await (const news of shop.track(id)) console.log(`order ${id}: ${news}`);
  await tell("gold", async () => await shop.price("gold"));
  await tell("order 7", async () => {
    for await (const news of shop.track(7)) console.log(news);
  });
}

async function tell(what: string, attempt: () => Promise<unknown>): Promise<void> {
  try {
    await attempt();
    console.log(`${what}: it was there`);
  } catch (error) {
    if (!SluiceError.is(error)) throw error;
    console.log(`${what}: ${error.code}, ${error.message}`);
  }
}
