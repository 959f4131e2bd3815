/** Says three things, and waits for the answer to each. */
import { fileURLToPath } from "node:url";
import { openPipe } from "@sluice/transport-socket";
import { address } from "./address.ts";

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Resolves when the server has said its last word. */
export async function sayThreeThings(url: string): Promise<void> {
  const pipe = await openPipe(url);
  const writer = pipe.writable.getWriter();
  const reader = pipe.readable.getReader();
  for (const text of ["Hello from the client", "Is anybody there?", "Goodbye"]) {
    await writer.write(encoder.encode(text));
    const { value } = await reader.read();
    console.log(`[Client received]: ${decoder.decode(value)}`);
  }
  await writer.close();
  await pipe.closed;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await sayThreeThings(address);
