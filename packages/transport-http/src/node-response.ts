/**
 * A standard Response over Node's HTTP server: its body is read as fast as the client takes it, and cancelled when the client has gone.
 */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { systemClock } from "@sluice/protocol/wire";
import type { NodeExchange } from "./node-request.ts";
import type { PulledBody } from "./pulled-body.ts";

/** How long a client may take nothing of an answer that is there as a whole, or that was ended, ms. */
const stalledMs = { whole: 30_000, ended: 5_000 };
/** How long the rest of a body that nobody wants may take, ms: cut off at once, its sender might never read the answer. */
const lingerMs = 1_000;

/**
 * Sends `response`. Resolves when it is out, or the client has gone; never rejects. With `pulled`, which is its body then, it resolves at
 * once: what is open for hours is to keep nothing of what began it.
 */
export async function sendResponse(
  response: Response,
  exchange: NodeExchange,
  pulled?: PulledBody,
): Promise<void> {
  const { incoming, outgoing } = exchange;
  const { status, headers, body } = response;
  if (hasGone(outgoing)) {
    pulled?.cancel();
    await leave(body);
    return;
  }
  outgoing.writeHead(status, headOf(headers, incoming));
  if (pulled !== undefined) {
    outgoing.flushHeaders();
    sendPulled(pulled, outgoing);
    return;
  }
  if (body === null || incoming.method === "HEAD") await leave(body);
  else {
    // Of a stream the reader may take his time: it holds its handler. What is there as a whole only holds memory.
    if (headers.has("content-length")) outgoing.setTimeout(stalledMs.whole, () => outgoing.destroy());
    else outgoing.flushHeaders();
    await sendBody(body, outgoing);
  }
  if (!incoming.complete) {
    outgoing.flushHeaders();
    await passOver(incoming);
  }
  outgoing.end();
}

/** All of it at once: header by header, Node would keep them as long as the response is open. */
function headOf(headers: Headers, { complete }: IncomingMessage): OutgoingHttpHeaders {
  const head: Record<string, string | string[]> = {};
  // What follows a request that was not read to its end is not the next one.
  if (!complete) head.connection = "close";
  for (const [name, value] of headers) {
    const known = head[name];
    // Cookies alone come one by one.
    head[name] = known === undefined ? value : [known, value].flat();
  }
  return head;
}

/** Whether its 'close' has come, or is about to. */
function hasGone({ destroyed, closed }: ServerResponse): boolean {
  return destroyed || closed;
}

/** As fast as the client takes it. Its request was read to the end: it is answered because of what stood there. */
function sendPulled(body: PulledBody, outgoing: ServerResponse): void {
  body.read({
    take(bytes) {
      if (outgoing.write(bytes)) body.pull();
    },
    end() {
      if (hasGone(outgoing)) return;
      outgoing.end();
      const cut = (): void => void outgoing.destroy();
      const timer = systemClock.setTimer(stalledMs.ended, cut, { background: true });
      outgoing.once("close", () => timer.cancel());
    },
  });
  outgoing.on("drain", () => body.pull());
  outgoing.on("close", () => body.cancel());
  body.pull();
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
