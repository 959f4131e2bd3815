/**
 * Answers the requests of a Node HTTP server by a function of the standard: what `http.createServer()` takes.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { type NodeExchange, remoteOf, requestOf } from "./node-request.ts";
import { sendResponse } from "./node-response.ts";

/** Answers a request. `caller.remote`: the client's address, `tcp://192.0.2.1:54321`. */
export type FetchHandler = (
  request: Request,
  caller: { readonly remote?: string },
) => Response | Promise<Response>;

/** A listener for `request` events: `http.createServer(nodeHandler((request, caller) => transport.fetch(request, caller)))`. */
export function nodeHandler(
  fetch: FetchHandler,
): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
  return (incoming, outgoing) => void answer(fetch, { incoming, outgoing });
}

async function answer(fetch: FetchHandler, exchange: NodeExchange): Promise<void> {
  const { incoming, outgoing } = exchange;
  // A client may go at any time; who writes is told otherwise.
  outgoing.on("error", () => {});
  incoming.on("error", () => {});
  try {
    await sendResponse(await answerOf(fetch, exchange), exchange);
  } catch {
    outgoing.destroy();
  }
}

async function answerOf(fetch: FetchHandler, exchange: NodeExchange): Promise<Response> {
  const request = requestOf(exchange);
  const remote = remoteOf(exchange.incoming);
  if (request !== undefined) return fetch(request, remote === undefined ? {} : { remote });
  const isMethod = exchange.incoming.method === "TRACE";
  return new Response(null, isMethod ? { status: 405, headers: { allow: "GET, POST" } } : { status: 400 });
}
