/**
 * A server whose handlers run in an async context of their own, and count whenever they find another's.
 *
 * It lives in one process with its client, so that nothing but the toolkit keeps their contexts apart.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { getEventListeners } from "node:events";
import { Client } from "@sluice/client";
import type { ProtocolDefinition } from "@sluice/protocol";
import { Server } from "@sluice/server";
import { SocketTransport } from "@sluice/transport-socket";
import { memoryAtRest, troubles } from "./report.ts";

const protocol = {
  request: { type: "request", param: { type: "integer" }, result: {} },
  stream: { type: "stream", param: { type: "integer" }, receive: {}, result: {} },
  upload: { type: "channel", param: { type: "integer" }, send: {}, result: {} },
} as const satisfies ProtocolDefinition;

/** What was found: nobody's, the call's own, or another's; `fresh` where a handler starts. */
export interface Finds {
  fresh: number;
  stale: number;
  own: number;
  lost: number;
  foreign: number;
  /** Metadata, identity or signal that belonged to another call. */
  mixed: number;
}

const owner = new AsyncLocalStorage<string>();
const finds: Finds = { fresh: 0, stale: 0, own: 0, lost: 0, foreign: 0, mixed: 0 };

/** Runs a handler's body in a context of its own. */
async function inContext(
  id: string,
  metadata: Readonly<Record<string, string>>,
  body: () => Promise<void>,
): Promise<string> {
  if (owner.getStore() === undefined) finds.fresh++;
  else finds.stale++;
  if (metadata.id !== id) finds.mixed++;
  await owner.run(id, body);
  return id;
}

function check(id: string): void {
  const found = owner.getStore();
  if (found === id) finds.own++;
  else if (found === undefined) finds.lost++;
  else finds.foreign++;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const server = new Server({
  protocol,
  public: true,
  handlers: {
    request({ param, metadata }) {
      const id = `request ${param}`;
      return inContext(id, metadata, async () => {
        for (let step = 0; step < 3; step++) {
          await turn();
          check(id);
        }
      });
    },
    stream({ param, metadata, writable }) {
      const id = `stream ${param}`;
      return inContext(id, metadata, async () => {
        const writer = writable.getWriter();
        for (let item = 0; item < 5; item++) {
          await writer.write("x".repeat(20_000));
          check(id);
        }
      });
    },
    upload({ param, metadata, readable }) {
      const id = `upload ${param}`;
      return inContext(id, metadata, async () => {
        for await (const _ of readable) check(id);
        check(id);
      });
    },
  },
});
const [address = ""] = await server.listen("tcp://127.0.0.1:0");
const client = new Client({
  protocol,
  transport: new SocketTransport({ socket: address }),
  reconnect: false,
});
await client.ready;

/** One call of each kind by caller `at`, who has a context of its own and looks whether it keeps it. */
async function callAll(at: number): Promise<void> {
  const caller = `caller ${at}`;
  await owner.run(caller, async () => {
    const own = (kind: string) => ({ param: at, metadata: { id: `${kind} ${at}` } });
    if ((await client.request("request", own("request"))) !== `request ${at}`) finds.mixed++;
    check(caller);
    const stream = client.stream("stream", own("stream"));
    for await (const _ of stream) check(caller);
    if ((await stream) !== `stream ${at}`) finds.mixed++;
    async function* items() {
      for (let item = 0; item < 5; item++) {
        yield "x".repeat(20_000);
        check(caller);
      }
    }
    const upload = client.channel("upload", { ...own("upload"), send: items() });
    if ((await upload) !== `upload ${at}`) finds.mixed++;
    check(caller);
  });
}

/** Calls on one signal, ten at once. Gives the most listeners that it ever had, and how many are left. */
async function callOnSignal(count: number): Promise<{ most: number; left: number }> {
  const { signal } = new AbortController();
  let most = 0;
  for (let made = 0; made < count; made += 10) {
    const calls = Array.from({ length: 10 }, (_, at) =>
      client.request("request", { param: at, metadata: { id: `request ${at}` }, signal }),
    );
    most = Math.max(most, getEventListeners(signal, "abort").length);
    await Promise.all(calls);
  }
  return { most, left: getEventListeners(signal, "abort").length };
}

type Question = { readonly callers: number } | { readonly onOneSignal: number } | "dispose";

process.on("message", async (question: Question) => {
  if (question === "dispose") {
    await client.dispose();
    await server.dispose();
    process.send?.("disposed", () => process.disconnect());
    return;
  }
  if ("onOneSignal" in question) {
    const listeners = await callOnSignal(question.onOneSignal);
    process.send?.({ ...(await memoryAtRest()), troubles: troubles(), listeners });
    return;
  }
  await Promise.all(Array.from({ length: question.callers }, (_, at) => callAll(at)));
  process.send?.({ ...(await memoryAtRest()), troubles: troubles(), finds });
});
process.send?.("started");
