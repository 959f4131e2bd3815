/**
 * A server that says everything that happens to it. SIGTERM lets its running jobs finish.
 *
 * `server.ts <address>`, started with an IPC channel: a message on it says that the work of a job is done.
 */
import { once } from "node:events";
import { Server } from "@sluice/server";
import { jobs } from "./protocol.ts";

const [address = "unix:lifecycle.sock"] = process.argv.slice(2);
const say = (text: string) => console.log(`[server ${process.pid}] ${text}`);

const server = new Server({
  protocol: jobs,
  public: true,
  handlers: {
    "jobs/run": async ({ param, signal }) => {
      await once(process, "message", { signal }); // the work; it is given up when the signal aborts
      return `${param} was done by ${process.pid}`;
    },
    "jobs/count": async function* ({ param }) {
      for (let number = 1; number <= param; number++) yield number; // knows nothing of links
    },
  },
});

server.on("connected", ({ connection: { id, peer, transport } }) =>
  say(`${peer} ${id} connected over ${transport}`),
);
server.on("detached", ({ connection: { id, peer } }) => say(`${peer} ${id} has lost its link`));
server.on("resumed", ({ connection: { id, peer } }) => say(`${peer} ${id} is back`));
server.on("disconnected", ({ connection: { id, peer }, reason }) =>
  say(`${peer} ${id} disconnected: ${reason}`),
);
server.on("call:start", ({ call }) => say(`${call.procedure} started`));
server.on("call:end", ({ call, durationMs }) =>
  say(`${call.procedure} ended after ${durationMs.toFixed(0)} ms`),
);
server.on("call:error", ({ call, error }) => say(`${call.procedure} failed: ${error}`));

process.once("SIGTERM", async () => {
  say("draining");
  await server.drain();
  say("drained");
  process.disconnect(); // nothing else keeps this process alive
});
process.once("disconnect", () => void server.dispose()); // nobody is left to tell it to end

await server.listen(address);
say("listening");
