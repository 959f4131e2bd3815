/** A whole program: server and client over the address that its argument names. It disposes of what it made, and nothing else. */
import { connect } from "@sluice/client";
import { Server } from "@sluice/server";
import { handlers } from "../handlers.ts";
import { protocol } from "../protocol.ts";

const [, , wanted = "", way = ""] = process.argv;
const server = new Server({ protocol, handlers, public: true });
const [address = ""] = await server.listen(wanted);
const client = await connect(address, { protocol });
console.log(await client.request("math/add", { param: { a: 1, b: 2 } }));
const stream = client.stream("numbers/count", { param: { to: 3 } });
for await (const { n } of stream) console.log(n);
console.log(await stream);
await client.event("mouse/clicked", { data: { x: 1, y: 2 } });
// Calls that still run are no reason to stay.
const pouring = client.stream("bytes/pour", { param: { size: 1_000 } });
await pouring.readable.getReader().read();
if (way === "drain") {
  pouring.abort();
  await Promise.all([server.drain(), client.dispose()]);
} else if (way === "server first") {
  await server.dispose();
  await client.dispose();
} else {
  await client.dispose();
  await server.dispose();
}
console.log("over");
