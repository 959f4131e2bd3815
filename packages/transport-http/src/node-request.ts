/**
 * A request of Node's HTTP server as a standard Request, whose body is read as fast as its reader asks.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { TLSSocket } from "node:tls";

/** What this platform hands over with a request. */
export interface NodeExchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

/**
 * The request, or `undefined` for one that no URL or method of the standard can say. Takes `incoming` over; `signal` tells when the client
 * has gone.
 */
export function requestOf(incoming: IncomingMessage, signal: AbortSignal): Request | undefined {
  const url = urlOf(incoming);
  if (url === undefined) return undefined;
  const { method = "GET" } = incoming;
  const hasBody = method !== "GET" && method !== "HEAD";
  try {
    return new Request(url, {
      method,
      headers: headersOf(incoming),
      signal,
      ...(hasBody ? { body: bodyOf(incoming), duplex: "half" } : {}),
    });
  } catch {
    // TRACE and the like: methods that the standard does not let through.
    return undefined;
  }
}

/** A host that can stand in a URL as it is: what begins a path would make one of the host. */
export const hostPattern: RegExp = /^[^/\\?#@]*$/;

/** Two headers of one name become one with a comma, also where Node would keep the first: nobody can hide one behind another. */
function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    headers.append(rawHeaders[at] as string, rawHeaders[at + 1] as string);
  }
  return headers;
}

/** Joined as text: a path that begins with two slashes is no other host. */
function urlOf({ url = "/", headers, socket }: IncomingMessage): URL | undefined {
  const scheme = (socket as Partial<TLSSocket>).encrypted === true ? "https" : "http";
  const host = headers.host ?? "localhost";
  if (!hostPattern.test(host)) return undefined;
  const origin = `${scheme}://${host}`;
  try {
    if (url.startsWith("/")) return new URL(origin + url);
    // The form for proxies. `Host` says which server is meant, as everywhere.
    const { pathname, search } = new URL(url);
    return new URL(origin + pathname + search);
  } catch {
    return undefined;
  }
}

/** Leaves what nobody asks for in the socket. Cancelling it leaves the socket alone: an answer is still to go out. */
function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  let isOver = false;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const data = (chunk: Uint8Array): void => {
          if (isOver) return;
          controller.enqueue(new Uint8Array(chunk));
          incoming.pause();
        };
        const over = (act: () => void): void => {
          // The request is kept as long as its answer takes; the stream need not be.
          incoming.removeListener("data", data).removeListener("end", end);
          incoming.removeListener("error", cut).removeListener("close", cut);
          if (isOver) return;
          isOver = true;
          act();
        };
        const end = (): void => over(() => controller.close());
        const cut = (): void => over(() => controller.error(new Error("The request was cut off")));
        incoming.on("data", data).once("end", end).once("error", cut).once("close", cut).pause();
      },
      pull() {
        incoming.resume();
      },
      cancel() {
        isOver = true;
      },
    },
    { highWaterMark: 0 },
  );
}
