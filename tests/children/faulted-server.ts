/**
 * A server that is killed, suspended, or drained by a signal, and perhaps started again.
 *
 * Arguments: its address, options of the server as JSON, and a file in which handlers write down that they run, `process procedure
 * number` a line. Sends "listening", and what has happened to its connections whenever it is asked.
 */
import { appendFileSync } from "node:fs";
import { silentLogger } from "@sluice/protocol/wire";
import { Server } from "@sluice/server";
import { drainOnSignals } from "@sluice/server/node";
import { faulted, faultedHandlers } from "./faulted-service.ts";

const [, , address = "", options = "{}", file = ""] = process.argv;
const events: string[] = [];
const server = new Server({
  protocol: faulted,
  public: true,
  logger: silentLogger,
  ...JSON.parse(options),
  handlers: faultedHandlers({
    ran(procedure, number) {
      if (file !== "") appendFileSync(file, `${process.pid} ${procedure} ${number}\n`);
    },
    aborted: (reason) => void events.push(`aborted ${reason}`),
  }),
});
for (const name of ["connected", "detached", "resumed", "disconnected"] as const) {
  server.on(name, () => void events.push(name));
}
drainOnSignals(server);
await server.listen(address);
process.on("message", () => process.send?.(events));
// Whoever started it is gone.
process.once("disconnect", () => process.exit(2));
process.send?.("listening");
// The channel to the parent is none of the server's, and would keep the process alive.
process.channel?.unref();
