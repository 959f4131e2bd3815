/**
 * Counts to five over a Unix socket: server and client in one process, which ends by itself.
 *
 * `SLUICE_DEMO_SPEED` divides the second between two numbers.
 */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { connect } from "@sluice/client";
import { Server } from "@sluice/server";
import { protocol } from "./protocol.ts";

const pauseMs = 1_000 / Number(process.env.SLUICE_DEMO_SPEED ?? 1);

const server = new Server({
  protocol,
  public: true,
  handlers: {
    counter: async ({ param, writable, signal }) => {
      const writer = writable.getWriter();
      for (let count = 1; count <= param.max && !signal.aborted; count++) {
        await writer.write({ count });
        await setTimeout(pauseMs);
      }
      return { total: param.max }; // the stream ends with the handler: nobody has to close the writer
    },
  },
});
const url = `unix:${join(tmpdir(), `counter-${process.pid}.sock`)}`;
await server.listen(url);
console.log("Server running");

const client = await connect(url, { protocol });
const counter = client.stream("counter", { param: { max: 5 } });
for await (const { count } of counter) console.log(`Count: ${count}`);
const { total } = await counter;
console.log(`Total: ${total}`);

await client.dispose();
await server.dispose();
