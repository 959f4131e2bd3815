/**
 * A standard Response over Node's HTTP server: its body is read as fast as the client takes it, and cancelled when the client has gone.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { systemClock } from "@sluice/protocol/wire";
import type { NodeExchange } from "./node-request.ts";

/** How long the rest of a body that nobody wants may take, ms: cut off at once, its sender might never read the answer. */
const lingerMs = 1_000;

/** Sends `response`. Resolves when it is out, or the client has gone; never rejects. */
export async function sendResponse(response: Response, { incoming, outgoing }: NodeExchange): Promise<void> {
  const { status, headers, body } = response;
  if (outgoing.destroyed || outgoing.closed) {
    await leave(body);
    return;
  }
  // What follows a request that was not read to its end is not the next one.
  if (!incoming.complete) outgoing.setHeader("connection", "close");
  for (const [name, value] of headers) outgoing.appendHeader(name, value);
  outgoing.writeHead(status);
  if (body === null || incoming.method === "HEAD") await leave(body);
  else {
    if (!headers.has("content-length")) outgoing.flushHeaders();
    await sendBody(body, outgoing);
  }
  if (!incoming.complete) {
    outgoing.flushHeaders();
    await passOver(incoming);
  }
  outgoing.end();
}

async function sendBody(body: ReadableStream<Uint8Array>, outgoing: ServerResponse): Promise<void> {
  const reader = body.getReader();
  let wake: () => void = ignore;
  // Reading may be waiting for something that never comes.
  const gone = (): void => {
    wake();
    reader.cancel().catch(ignore);
  };
  outgoing.once("close", gone);
  outgoing.on("drain", () => wake());
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      if (outgoing.write(next.value) || outgoing.destroyed) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    outgoing.removeListener("close", gone);
  } catch {
    // The end of an answer that has begun is all that can still be said of it.
    outgoing.destroy();
  }
}

/** Reads and drops the rest of a request, for a while. */
function passOver(incoming: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    const timer = systemClock.setTimer(lingerMs, resolve, { background: true });
    incoming.once("close", () => {
      timer.cancel();
      resolve();
    });
    incoming.removeAllListeners("data");
    incoming.resume();
  });
}

async function leave(body: ReadableStream<Uint8Array> | null): Promise<void> {
  await body?.cancel().catch(ignore);
}

function ignore(): void {}
