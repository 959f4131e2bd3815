/**
 * One end of a connection on which nobody reads. Arguments: `server` and the address wanted, or `client` and the address to call.
 *
 * Each end writes as fast as it may, to a reader that takes one item and no more. Asked by a message, it says what it uses.
 */
import { connect } from "@sluice/client";
import { Server } from "@sluice/server";
import { handlers } from "../../handlers.ts";
import { memoryNow, troubles } from "../../hostile/children/report.ts";
import { protocol } from "../../protocol.ts";

const [, , role, address = ""] = process.argv;
/** Items of this end whose write was accepted. */
let accepted = 0;

async function pour(writable: WritableStream<Uint8Array>): Promise<never> {
  const writer = writable.getWriter();
  for (;;) {
    await writer.write(new Uint8Array(1_000));
    accepted++;
  }
}

async function takeOne(readable: ReadableStream<Uint8Array>): Promise<void> {
  const reader = readable.getReader();
  await reader.read();
}

async function serve(): Promise<() => Promise<void>> {
  const server = new Server({
    protocol,
    public: true,
    handlers: {
      ...handlers,
      "bytes/pour": ({ writable }) => pour(writable),
      async "files/upload"({ readable, signal }) {
        await takeOne(readable);
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        return 0;
      },
    },
  });
  const [actual] = await server.listen(address);
  process.send?.(actual);
  return () => server.dispose();
}

async function call(): Promise<() => Promise<void>> {
  const client = await connect(address, { protocol, graceMs: 100 });
  const down = client.stream("bytes/pour", { param: { size: 0 } });
  await takeOne(down.readable);
  const up = client.channel("files/upload");
  pour(up.writable).catch(() => {
    // Ends with the call, when it is disposed of.
  });
  process.send?.("calling");
  return () => client.dispose();
}

const dispose = await (role === "server" ? serve() : call());
process.on("message", async (question) => {
  if (question === "report") process.send?.({ ...memoryNow(), accepted, troubles: troubles() });
  else {
    await dispose();
    process.disconnect();
  }
});
