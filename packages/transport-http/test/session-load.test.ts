/** Many clients of one server over HTTP: whose answer is whose, and what one that stalls does to the others. */
import { Client } from "@sluice/client";
import type { ProtocolDefinition } from "@sluice/protocol";
import { Server } from "@sluice/server";
import { expect, test, vi } from "vitest";
import { ClientTransport, type Fetch } from "../src/client-transport.ts";
import { type HttpWorld, serveHttp } from "./http-world.ts";

// Far more than they take: for machines that are busy with other things.
vi.setConfig({ testTimeout: 60_000 });

const protocol = {
  whose: { type: "request", param: { type: "string" }, result: { type: "string" } },
  count: { type: "stream", param: { type: "integer" }, receive: { type: "integer" } },
} as const satisfies ProtocolDefinition;

/** Items that were accepted of each `count`, by its param. */
const accepted = new Map<number, number>();

function serve(http: HttpWorld): Server<typeof protocol> {
  return new Server({
    protocol,
    public: true,
    transport: http.transport,
    handlers: {
      whose: async ({ param }) => {
        if (param.length % 3 === 0) await Promise.resolve();
        return param;
      },
      async count({ param, writable }) {
        const writer = writable.getWriter();
        for (let number = 1; number <= param; number++) {
          await writer.write(number);
          accepted.set(param, number);
        }
      },
    },
  });
}

test("H8 answers to calls of the same ids reach the client that asked", async () => {
  const http = await serveHttp();
  const server = serve(http);
  const clients = [0, 1].map(
    () => new Client({ protocol, transport: new ClientTransport({ url: http.url }) }),
  );
  let crossed = 0;
  for (let round = 0; round < 5; round++) {
    await Promise.all(
      clients.flatMap((client, whose) =>
        Array.from({ length: 1_000 }, async (_, number) => {
          const canary = `client ${whose}, ${round}, ${number}`;
          if ((await client.request("whose", { param: canary })) !== canary) crossed++;
        }),
      ),
    );
  }
  expect(crossed).toBe(0);
  await Promise.all([...clients.map((client) => client.dispose()), server.dispose()]);
  await http.close();
});

/** A `fetch` whose event streams are not read while {@link stalled}. */
function stallingFetch(): { readonly fetch: Fetch; stall(): void; go(): void } {
  let gate = Promise.resolve();
  let open = (): void => {};
  return {
    fetch: async (url, init) => {
      const response = await fetch(url, init);
      const isStream = response.headers.get("content-type") === "text/event-stream";
      if (!isStream || response.body === null) return response;
      const reader = response.body.getReader();
      const body = new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            await gate;
            const next = await reader.read();
            if (next.done) controller.close();
            else controller.enqueue(next.value);
          },
          cancel: (reason) => reader.cancel(reason),
        },
        { highWaterMark: 0 },
      );
      return new Response(body, response);
    },
    stall() {
      gate = new Promise((resolve) => {
        open = resolve;
      });
    },
    go: () => open(),
  };
}

test("H12, FC-14 a client that reads no events holds its own writer, and all others get every item", async () => {
  const http = await serveHttp();
  const server = serve(http);
  const stalling = stallingFetch();
  const slow = new Client({
    protocol,
    transport: new ClientTransport({ url: http.url, fetch: stalling.fetch }),
  });
  await slow.ready;
  const many = 200_000;
  const stream = slow.stream("count", { param: many });
  const reader = stream.readable.getReader();
  expect(await reader.read()).toEqual({ value: 1, done: false });
  stalling.stall();

  const others = Array.from(
    { length: 20 },
    () => new Client({ protocol, transport: new ClientTransport({ url: http.url }) }),
  );
  const length = 5_000;
  await Promise.all(
    others.map(async (client) => {
      let last = 0;
      for await (const number of client.stream("count", { param: length })) {
        if (number !== ++last) throw new Error(`${number} came where ${last} is next`);
      }
      expect(last).toBe(length);
    }),
  );
  // An item counts 65 to 70 bytes, and the window grows to 1 MiB at most where its reader keeps up.
  const held = accepted.get(many) ?? 0;
  expect(held).toBeLessThanOrEqual(1_048_576 / 65);
  expect(await others[0]?.request("whose", { param: "x" })).toBe("x");
  expect(accepted.get(many)).toBe(held);

  stalling.go();
  let last = 1;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    if (next.value !== ++last) throw new Error(`${next.value} came where ${last} is next`);
  }
  expect(last).toBe(many);
  await Promise.all([slow, ...others].map((client) => client.dispose()));
  await server.dispose();
  await http.close();
});
