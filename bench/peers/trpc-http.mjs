// tRPC over HTTP: a request for each call, several of a turn in one by httpBatchStreamLink, whose answers are lines of JSON as they come.

import { createTRPCClient, httpBatchStreamLink } from "@trpc/client";
import { createHTTPServer } from "@trpc/server/adapters/standalone";
import { TickCheck } from "../values.mjs";
import { router } from "./trpc-router.mjs";

export async function serve() {
  const server = createHTTPServer({ router });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = (server.server ?? server).address();
  return `http://127.0.0.1:${port}`;
}

export async function connect(url) {
  const client = createTRPCClient({ links: [httpBatchStreamLink({ url })] });
  await client.subscribers.query();
  return {
    echo: (value) => client.echo.mutate(value),
    echoRecord: (value) => client.echoRecord.mutate(value),
    async ticks(count, check = new TickCheck()) {
      for await (const item of await client.ticksStream.query(count)) check.take(item);
      return check.count;
    },
    async pour(take) {
      for await (const item of await client.pourStream.query()) if (!(await take(item))) return;
    },
    async watch() {
      await (await client.watchStream.query())[Symbol.asyncIterator]().next();
    },
    async subscribe(onItem) {
      const items = await client.subscribeStream.query();
      void (async () => {
        for await (const item of items) onItem(item);
      })().catch(() => {});
    },
    subscribers: () => client.subscribers.query(),
    publish: (count) => client.publish.mutate(count),
    close: async () => {},
  };
}

/** An idle connection is a response whose items may come. */
export async function connectIdle(url) {
  const client = await connect(url);
  await client.watch();
  return client;
}
