// tRPC over WebSockets: mutations, and subscriptions whose handlers are generators.
import { once } from "node:events";
import { createTRPCClient, createWSClient, wsLink } from "@trpc/client";
import { applyWSSHandler } from "@trpc/server/adapters/ws";
import { WebSocket, WebSocketServer } from "ws";
import { TickCheck } from "../values.mjs";
import { router } from "./trpc-router.mjs";

export async function serve() {
  const wss = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
  applyWSSHandler({ wss, router });
  await once(wss, "listening");
  return `ws://127.0.0.1:${wss.address().port}`;
}

export async function connect(url) {
  // Its connection opens with the first call.
  const connection = createWSClient({ url, WebSocket });
  const client = createTRPCClient({ links: [wsLink({ client: connection })] });
  await client.subscribers.query();
  /** Calls back for each item; resolves at the end. */
  const read = (procedure, input, onData) => {
    let subscription;
    const ended = new Promise((resolve, reject) => {
      subscription = procedure.subscribe(input, { onData, onComplete: resolve, onError: reject });
    });
    return { ended, leave: () => subscription.unsubscribe() };
  };
  return {
    echo: (value) => client.echo.mutate(value),
    echoRecord: (value) => client.echoRecord.mutate(value),
    async ticks(count, check = new TickCheck()) {
      await read(client.ticks, count, (item) => check.take(item)).ended;
      return check.count;
    },
    async pour(take) {
      const queue = [];
      let wake;
      const { leave } = read(client.pour, undefined, (item) => {
        queue.push(item);
        wake?.();
      });
      for (let at = 0; ; at++) {
        if (at === queue.length) {
          await new Promise((resolve) => {
            wake = resolve;
          });
        }
        if (!(await take(queue[at]))) return leave();
      }
    },
    watch: () =>
      new Promise((resolve) => {
        read(client.watch, undefined, resolve).ended.catch(() => {});
      }),
    subscribe(onItem) {
      read(client.subscribe, undefined, onItem).ended.catch(() => {});
    },
    subscribers: () => client.subscribers.query(),
    publish: (count) => client.publish.mutate(count),
    close: async () => connection.close(),
  };
}
