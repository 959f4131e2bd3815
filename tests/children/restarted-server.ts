/**
 * A server that is killed and started again. Its handlers write down that they run, in a file that outlives them.
 *
 * Arguments: address, file. Sends "listening"; a request whose param is "die" kills it after its handler has run.
 */
import { appendFileSync, readFileSync } from "node:fs";
import { Server } from "@sluice/server";
import { protocol } from "../restarted-protocol.ts";

const [, , address = "", file = ""] = process.argv;
/** Writes down a run of `name`. Returns how many there are now. */
const run = (name: string): number => {
  appendFileSync(file, `${name}\n`);
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line === name).length;
};
/** The first run for "die" is the last of its process, which nobody is told. */
const answer = (name: string, param: string): number => {
  const runs = run(`${name} ${param}`);
  if (param === "die" && runs === 1) process.kill(process.pid, "SIGKILL");
  return runs;
};
const server = new Server({
  protocol,
  public: true,
  handlers: {
    async *"numbers/count"({ param, cursor = 0 }) {
      run(`count after ${cursor}`);
      for (let n = cursor + 1; n <= param; n++) yield { n };
      return "counted";
    },
    "orders/read": ({ param }) => answer("read", param),
    "orders/place": ({ param }) => answer("place", param),
  },
});
await server.listen(address);
process.send?.("listening");
process.on("message", async () => {
  await server.dispose();
  process.disconnect();
});
