/** The server that is attacked, in a process of its own with a small heap. Argument: its options as JSON. */
import { inspect } from "node:util";
import type { LimitOptions } from "@sluice/protocol";
import { Server } from "@sluice/server";
import { protocol } from "../protocol.ts";
import { memoryNow, troubles } from "./report.ts";
import { unencodable } from "./unencodable.ts";

const {
  address: wanted,
  secret,
  ...options
} = JSON.parse(process.argv[2] as string) as {
  address: string;
  /** What peers have to know. Without it everybody is let in. */
  secret?: string;
} & LimitOptions;
const started: Record<string, number> = {};
const endings: string[] = [];
const logged: string[] = [];
const ignoring: (() => void)[] = [];
let mostIgnoring = 0;
let keptValues: unknown[] = [];

/** What goes wrong here is meant to: the console stays silent, and the reports tell. */
const log = (message: string, fields?: object): void => {
  if (logged.length < 1_000) logged.push(`${message} ${inspect(fields, { depth: null, showHidden: true })}`);
};

/** Lets in who knows the secret. */
function judge(credentials: unknown): object {
  if (credentials === secret) return { id: "somebody" };
  throw new Error("No such token");
}

const server = new Server({
  protocol,
  public: true,
  logger: { trace: log, debug: log, info: log, warn: log, error: log },
  ...(secret === undefined ? {} : { authenticate: judge }),
  ...options,
  handlers: {
    echo: ({ param }) => param,
    measure: ({ param }) => param.length,
    async pour({ param, writable }) {
      const writer = writable.getWriter();
      const item = new Uint8Array(param.bytes);
      for (;;) await writer.write(item);
    },
    async collect({ readable }) {
      let count = 0;
      for await (const _ of readable) count++;
      return count;
    },
    async hold({ signal }) {
      // An OPEN may say "stop" itself.
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return signal.reason;
    },
    ignore: () =>
      new Promise((resolve) => {
        ignoring.push(() => resolve("released"));
        mostIgnoring = Math.max(mostIgnoring, ignoring.length);
      }),
    offer: ({ param }) => unencodable(param),
    keep: ({ param }) => void keptValues.push(param),
    kept() {
      const values = keptValues;
      keptValues = [];
      return values;
    },
    release() {
      const released = ignoring.splice(0);
      for (const resolve of released) resolve();
      return released.length;
    },
  },
});
server.on("call:start", ({ call }) => {
  started[call.procedure] = (started[call.procedure] ?? 0) + 1;
});
server.on("disconnected", ({ reason }) => void endings.push(reason));
server.on("refused", ({ error }) => void endings.push(`${error.code}: ${error.message}`));

process.on("message", async (question) => {
  if (question === "dispose") {
    await server.dispose();
    process.send?.("disposed", () => process.disconnect());
    return;
  }
  const { connections } = server;
  process.send?.({
    ...memoryNow({ asIs: question === "glance" }),
    started,
    endings: endings.splice(0),
    logged: logged.splice(0),
    troubles: troubles(),
    connections: connections.length,
    openCalls: connections.reduce((sum, { openCalls }) => sum + openCalls, 0),
    runningHandlers: connections.reduce((sum, { runningHandlers }) => sum + runningHandlers, 0),
    mostIgnoring,
    cpuMs: process.cpuUsage().user / 1_000,
  });
});

const [address] = await server.listen(wanted);
process.send?.(address);
