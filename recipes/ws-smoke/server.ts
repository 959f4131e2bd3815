/** Says back what it receives, to any number of clients. */
import { fileURLToPath } from "node:url";
import { type PipeServer, servePipe } from "@sluice/transport-socket";
import { address } from "./address.ts";

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Resolves once it listens. */
export function serveEcho(url: string): Promise<PipeServer> {
  return servePipe(url, async ({ readable, writable }) => {
    const writer = writable.getWriter();
    for await (const chunk of readable) {
      const text = decoder.decode(chunk);
      console.log(`[Server received]: ${text}`);
      await writer.write(encoder.encode(`Server echo: ${text}`));
    }
    console.log("Client disconnected");
    await writer.close();
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = await serveEcho(address);
  console.log(`Server listening on ${server.address}`);
  process.once("SIGINT", () => server.close());
  process.once("SIGTERM", () => server.close());
}
