/**
 * A server whose user code fails where it is told to: by credentials and metadata for one connection or call, by message for all.
 *
 * Argument: its options as JSON. It answers the questions that children/server.ts answers.
 */
import type { LimitOptions } from "@sluice/protocol";
import { Server } from "@sluice/server";
import { misbehave } from "./misbehave.ts";
import { memoryNow, troubles } from "./report.ts";
import { userProtocol } from "./user-protocol.ts";

/** Which of the server's user code fails for everybody, and how. */
export type Faults = Readonly<Partial<Record<"listeners" | "logger", string>>>;

const { address: wanted, ...options } = JSON.parse(process.argv[2] ?? "{}") as {
  address: string;
} & LimitOptions;
let faults: Faults = {};
const started: Record<string, number> = {};
const fail = (): void => void misbehave(faults.logger, undefined);
const member = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;

/** Throws at once where it is told to, so that it cannot be an async function. */
function makeContext(_: unknown, identity: unknown): object | Promise<object> {
  return misbehave<object>(member(member(identity, "credentials"), "context"), {});
}

const server = new Server<typeof userProtocol, object>({
  protocol: userProtocol,
  ...options,
  logger: { trace: fail, debug: fail, info: fail, warn: fail, error: fail },
  authenticate: (credentials) => misbehave(member(credentials, "authenticate"), { credentials }),
  context: makeContext,
  access: { "*": ({ metadata }) => misbehave(metadata.access, true) },
  handlers: {
    echo: ({ param }) => param,
    work: ({ metadata }) => misbehave(metadata.handler, "worked"),
    async *items({ metadata }) {
      yield 1;
      await misbehave(metadata.handler, undefined);
      return "poured";
    },
    async upload({ metadata, readable }) {
      for await (const _ of readable) await misbehave(metadata.handler, undefined);
      return "taken";
    },
    callBack: ({ client }) => client.request("work"),
  },
});
server.use(async ({ metadata }, next) => {
  await misbehave(metadata.before, undefined);
  const result = await next();
  return misbehave(metadata.after, result);
});
for (const name of [
  "connected",
  "disconnected",
  "refused",
  "call:start",
  "call:end",
  "call:error",
] as const) {
  server.on(name, () => void misbehave(faults.listeners, undefined));
}
server.on("call:start", ({ call }) => {
  started[call.procedure] = (started[call.procedure] ?? 0) + 1;
});

process.on("message", async (question: string | { readonly faults: Faults }) => {
  if (typeof question === "object") {
    faults = question.faults;
    process.send?.("set");
    return;
  }
  if (question === "dispose") {
    await server.dispose();
    process.send?.("disposed", () => process.disconnect());
    return;
  }
  const { connections } = server;
  process.send?.({
    ...memoryNow({ asIs: question === "glance" }),
    started,
    endings: [],
    logged: [],
    troubles: troubles(),
    connections: connections.length,
    openCalls: connections.reduce((sum, { openCalls }) => sum + openCalls, 0),
    runningHandlers: connections.reduce((sum, { runningHandlers }) => sum + runningHandlers, 0),
    mostIgnoring: 0,
    cpuMs: process.cpuUsage().user / 1_000,
  });
});

const [address] = await server.listen(wanted);
process.send?.(address);
