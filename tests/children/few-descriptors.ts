/**
 * A server with few descriptors: streams numbers on a Unix socket, as often as its client takes them.
 *
 * Argument: address. Sends "listening".
 */
import { Server } from "@sluice/server";

const [, , address = ""] = process.argv;
const protocol = {
  count: { type: "stream", receive: { type: "integer" } },
  hello: { type: "request", result: { type: "string" } },
} as const;
const server = new Server({
  protocol,
  public: true,
  handlers: {
    hello: () => "hello",
    async *count({ signal }) {
      for (let n = 1; !signal.aborted; n++) yield n;
    },
  },
});
await server.listen(address);
process.send?.("listening");
process.on("message", async () => {
  await server.dispose();
  process.disconnect();
});
