/** The reckoning of credit against the real thing: a writer waits exactly when nothing is left for its next item. */
import { Client } from "@sluice/client";
import type { ProtocolDefinition } from "@sluice/protocol";
import { Server } from "@sluice/server";
import { memoryTransport } from "@sluice/transport-memory";
import { expect, test } from "vitest";
import { CreditReckoning } from "../../page/credit-reckoning.ts";

const windowBytes = 4 * 1024;
const protocol = {
  count: { type: "stream", receive: { type: "integer" } },
} as const satisfies ProtocolDefinition;
const cost = (number: number) => 64 + String(number).length;

// Half a window is taken with the 32nd.
test.each([0, 1, 28, 31, 32, 33, 40, 1_000])(
  "CreditReckoning knows what is left after %i items were taken",
  async (items) => {
    const link = memoryTransport({ values: "bytes" });
    let made = 0;
    const server = new Server({
      protocol,
      public: true,
      transport: link.server,
      handlers: {
        count: async function* ({ signal }) {
          while (!signal.aborted) yield ++made;
        },
      },
    });
    const limits = { window: windowBytes, maxWindow: windowBytes };
    const client = new Client({ protocol, transport: link.client, limits });
    const call = client.stream("count");
    const reader = call.readable.getReader();
    const reckoning = new CreditReckoning(windowBytes);
    for (let taken = 0; taken < items; taken++) {
      const { value = 0 } = await reader.read();
      reckoning.take(String(value).length);
    }
    // One number is in the handler's hand: all before it has arrived, and it does not fit any more.
    const isFull = () =>
      call.stats.received === made - 1 && reckoning.credit(call.stats.buffered) < cost(made);
    await expect.poll(isFull).toBe(true);
    const last = made;
    expect([await settled(() => made), isFull()]).toEqual([last, true]);
    await reader.cancel();
    await client.dispose();
    await server.dispose();
  },
);

/** What `read` gives, once it has stayed the same for 20 turns of the event loop. */
async function settled(read: () => number): Promise<number> {
  let last = read();
  for (let same = 0; same < 20; same++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (read() !== last) same = 0;
    last = read();
  }
  return last;
}
