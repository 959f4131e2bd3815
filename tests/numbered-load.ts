/** Work of a client that knows what must come of it: numbers through channels, streams that count, requests one after the other. */
import type { Client } from "@sluice/client";
import { expect } from "vitest";
import type { Faulted } from "./children/faulted-service.ts";

export interface NumberedLoadOptions {
  /** Numbers through each channel, and of each stream. */
  readonly length: number;
  /** Default 4. */
  readonly channels?: number;
  /** Default 2. */
  readonly streams?: number;
}

/** Requests of all loads have numbers of their own. */
let lastRequest = 0;

export class NumberedLoad {
  /** Numbers that have come to the client. */
  arrived = 0;
  /** Requests that were answered. */
  answered = 0;
  readonly #options: Required<NumberedLoadOptions>;
  #isOver = false;

  constructor({ length, channels = 4, streams = 2 }: NumberedLoadOptions) {
    this.#options = { length, channels, streams };
  }

  /** Numbers that come in all. */
  get total(): number {
    const { length, channels, streams } = this.#options;
    return length * (channels + streams);
  }

  /** Runs all of it; rejects as soon as anything fails, is lost, comes twice or out of order, or a handler runs twice. */
  async run(client: Client<Faulted>): Promise<void> {
    const { channels, streams } = this.#options;
    const requests = this.#request(client);
    const echoing = Array.from({ length: channels }, () => this.#echo(client));
    const counting = Array.from({ length: streams }, () => this.#count(client));
    await Promise.all([
      requests,
      Promise.all([...echoing, ...counting]).finally(() => {
        this.#isOver = true;
      }),
    ]);
  }

  async #request(client: Client<Faulted>): Promise<void> {
    while (!this.#isOver) {
      const number = ++lastRequest;
      const runs = await client.request("place", { param: number });
      if (runs !== 1) throw new Error(`place ${number} has run ${runs} times`);
      this.answered++;
    }
  }

  async #echo(client: Client<Faulted>): Promise<void> {
    const { length } = this.#options;
    const channel = client.channel("echo");
    const sending = (async () => {
      const writer = channel.writable.getWriter();
      for (let n = 1; n <= length; n++) await writer.write(n);
      await writer.close();
    })();
    await Promise.all([sending, this.#inOrder(channel, (n) => n)]);
    expect(await channel).toBe(length);
  }

  async #count(client: Client<Faulted>): Promise<void> {
    const { length } = this.#options;
    const stream = client.stream("count", { param: length });
    await this.#inOrder(stream, ({ n }) => n);
    expect(await stream).toBe(length);
  }

  async #inOrder<Item>(items: AsyncIterable<Item>, numberOf: (item: Item) => number): Promise<void> {
    let last = 0;
    for await (const item of items) {
      const number = numberOf(item);
      if (number !== last + 1) throw new Error(`${number} came after ${last}`);
      last = number;
      this.arrived++;
    }
    expect(last).toBe(this.#options.length);
  }
}
