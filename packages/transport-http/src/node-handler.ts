/**
 * Answers the requests of a Node HTTP server by a function of the standard: what `http.createServer()` takes.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { TakesBatches } from "./http-request.ts";
import { takeNodeBatch } from "./node-batch.ts";
import { type NodeExchange, requestOf } from "./node-request.ts";
import { sendResponse } from "./node-response.ts";
import { type BodyTaker, type PulledBody, takesBody } from "./pulled-body.ts";
import { socketAddress } from "./socket-address.ts";

/** Answers a request. `caller.remote`: the client's address, `tcp://192.0.2.1:54321`; `local`: the one where it came to. */
export type FetchHandler = (
  request: Request,
  caller: { readonly remote?: string | undefined; readonly local?: string | undefined },
) => Response | Promise<Response>;

/** A listener for `request` events: `http.createServer(nodeHandler((request, caller) => transport.fetch(request, caller)))`. */
export function nodeHandler(
  fetch: FetchHandler,
): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
  return (incoming, outgoing) => void answer(fetch, { incoming, outgoing }, false);
}

/**
 * As {@link nodeHandler}, for a transport itself: its links have no stream between them and the socket, and their batches no objects of
 * the standard.
 */
export function transportHandler(
  transport: TakesBatches & { readonly fetch: FetchHandler },
): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
  return (incoming, outgoing) => {
    const exchange = { incoming, outgoing };
    if (!takeNodeBatch(transport, exchange)) void answer(transport.fetch, exchange, true);
  };
}

async function answer(fetch: FetchHandler, exchange: NodeExchange, takesBodies: boolean): Promise<void> {
  const { incoming, outgoing } = exchange;
  // A client may go at any time; who writes is told otherwise.
  outgoing.on("error", () => {});
  incoming.on("error", () => {});
  try {
    const left = new AbortController();
    const leave = (): void => {
      if (!outgoing.writableFinished) left.abort(new Error("The client has gone"));
    };
    outgoing.on("close", leave);
    let body: PulledBody | undefined;
    const taker: BodyTaker = takesBodies
      ? {
          [takesBody]: {
            take(taken) {
              body = taken;
            },
            defer: afterTurn,
          },
        }
      : {};
    const response = await answerOf(fetch, incoming, left.signal, taker);
    // That is told itself, and an idle link keeps nothing of its request.
    if (body !== undefined) outgoing.off("close", leave);
    await sendResponse(response, exchange, body);
  } catch {
    outgoing.destroy();
  }
}

/** After all microtasks of this turn, so that what handlers answer in them goes out together. */
function afterTurn(flush: () => void): void {
  queueMicrotask(() => process.nextTick(flush));
}

async function answerOf(
  fetch: FetchHandler,
  incoming: IncomingMessage,
  signal: AbortSignal,
  taker: BodyTaker,
): Promise<Response> {
  const request = requestOf(incoming, signal);
  const remote = socketAddress(incoming.socket);
  const local = incoming.socket.localAddress;
  if (request !== undefined) return fetch(request, { ...taker, remote, local });
  const isMethod = incoming.method === "TRACE";
  return new Response(null, isMethod ? { status: 405, headers: { allow: "GET, POST" } } : { status: 400 });
}
