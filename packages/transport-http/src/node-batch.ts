/**
 * A batch of a link as Node has it: taken and answered with none of the objects of the standard, which would be most of its cost.
 *
 * What is answered is the same. Anything out of the ordinary is left to those objects. Spec: docs/wire.md §5.
 */
import type { IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";
import type { BatchAnswer, HttpBodyReader, HttpHeaders, HttpRequest, TakesBatches } from "./http-request.ts";
import { hostPattern, type NodeExchange } from "./node-request.ts";
import { sendResponse } from "./node-response.ts";
import { socketAddress } from "./socket-address.ts";
import { linkHeader } from "./wire-headers.ts";

/** Takes a request that names a link and has nothing unusual. Returns whether it did; if not, nothing was done. */
export function takeNodeBatch(transport: TakesBatches, exchange: NodeExchange): boolean {
  const { incoming } = exchange;
  const { method, url: target = "", headers, socket } = incoming;
  if (method !== "POST" || headers[linkHeader] === undefined) return false;
  if (headers.host === undefined || !hostPattern.test(headers.host)) return false;
  const answer = transport["~takeBatch"](new NodeRequest(incoming), {
    target,
    isEncrypted: (socket as Partial<TLSSocket>).encrypted === true,
    remote: socketAddress(socket),
    local: socket.localAddress,
  });
  if (answer === undefined) return false;
  void send(answer, exchange);
  return true;
}

async function send(answer: Promise<BatchAnswer | Response>, exchange: NodeExchange): Promise<void> {
  const { incoming, outgoing } = exchange;
  // A client may go at any time.
  outgoing.on("error", ignore);
  incoming.on("error", ignore);
  try {
    const given = await answer;
    if (given instanceof Response) await sendResponse(given, exchange);
    else if (!outgoing.destroyed) {
      // As one write: it is the whole of the answer.
      const length = String(given.text.length);
      outgoing.writeHead(200, { ...given.headers, "content-length": length });
      outgoing.end(given.text);
    }
  } catch {
    outgoing.destroy();
  }
}

class NodeRequest implements HttpRequest, HttpHeaders {
  readonly method = "POST";
  readonly #incoming: IncomingMessage;

  constructor(incoming: IncomingMessage) {
    this.#incoming = incoming;
  }

  get headers(): HttpHeaders {
    return this;
  }

  /** All of one name: Node itself would keep the first of some. `name` is in lower case. */
  get(name: string): string | null {
    const { rawHeaders } = this.#incoming;
    let value: string | null = null;
    for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
      const other = rawHeaders[at] as string;
      if (other.length !== name.length || (other !== name && other.toLowerCase() !== name)) continue;
      value = value === null ? (rawHeaders[at + 1] as string) : `${value}, ${rawHeaders[at + 1]}`;
    }
    return value;
  }

  get body(): { getReader(): HttpBodyReader } {
    return { getReader: () => readerOf(this.#incoming) };
  }
}

/** Gives what has come as it is asked for; what nobody asks for stays in the socket. */
function readerOf(incoming: IncomingMessage): HttpBodyReader {
  let isCancelled = false;
  let wake: (() => void) | undefined;
  const come = (): void => wake?.();
  const done = { done: true } as const;
  incoming.on("readable", come).on("end", come).on("close", come);
  return {
    async read() {
      for (;;) {
        if (isCancelled) return done;
        const value = incoming.read() as Uint8Array | null;
        if (value !== null) return { done: false, value };
        if (incoming.readableEnded) return done;
        if (incoming.destroyed) throw new Error("The request was cut off");
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    async cancel() {
      isCancelled = true;
      // Else the rest, which is to be passed over, would not flow.
      incoming.off("readable", come);
      wake?.();
    },
  };
}

function ignore(): void {}
