/**
 * A server that drains on signals, at the address that its first argument names. `wait` takes as many ms as its param says, `ignore`
 * never ends. Says `ready` when it listens, and `called` when a handler begins.
 */
import { Server } from "@sluice/server";
import { drainOnSignals } from "@sluice/server/node";
import { drained } from "./drained-protocol.ts";

const [, , address = "", timeout = "10000"] = process.argv;
const say = (what: string): void => void process.send?.(what);
const server = new Server({
  protocol: drained,
  public: true,
  logger: {
    trace() {},
    debug() {},
    info() {},
    warn: (message) => console.log(message),
    error: console.error,
  },
  handlers: {
    wait({ param }) {
      say("called");
      return new Promise((resolve) => setTimeout(() => resolve(`after ${param} ms`), param));
    },
    ignore() {
      say("called");
      return new Promise<void>(() => setInterval(() => {}, 1_000));
    },
  },
});
drainOnSignals(server, { timeout: Number(timeout) });
process.once("exit", () => {
  const left = ["SIGTERM", "SIGINT"].map((signal) => process.listenerCount(signal));
  console.log(`left ${left.join(" ")}`);
});
await server.listen(address);
say("ready");
// The channel to the parent is none of the server's, and would keep the process alive.
process.channel?.unref();
