/**
 * Requests by `node:http` and `node:https`, a fifth of the CPU that `fetch` of Node takes for each, over connections that are kept.
 *
 * The connections are those of `http.globalAgent` and `https.globalAgent`, which know the proxies and certificates that a program is told to use.
 */
import { type ClientRequest, type IncomingMessage, request as requestPlain } from "node:http";
import { request as requestSecure } from "node:https";
import { urlToHttpOptions } from "node:url";
import type { HttpAnswer, TransportPost } from "./http-answer.ts";

/** What a server says of a batch is a number. */
const mostText = 4_096;

/** Sends to `url`: the function that it returns resolves with the head of an answer, redirects too; rejects where none came. */
export function nodePoster(url: string): (post: TransportPost) => Promise<HttpAnswer> {
  const target = { ...urlToHttpOptions(new URL(url)), method: "POST" };
  const send = target.protocol === "https:" ? requestSecure : requestPlain;
  const attempt = (post: TransportPost): Promise<HttpAnswer> =>
    new Promise((resolve, reject) => {
      const { headers, body, signal } = post;
      const request = send({ ...target, headers });
      const leave = (): void => void request.destroy(asError(signal.reason));
      let isAnswered = false;
      request.once("response", (incoming) => {
        isAnswered = true;
        resolve(new NodeAnswer(incoming));
      });
      request.on("error", (error) => {
        if (!isAnswered && isStale(request, error) && !signal.aborted) resolve(attempt(post));
        else reject(error);
      });
      // Not earlier: an answer is read until then.
      request.once("close", () => signal.removeEventListener("abort", leave));
      signal.addEventListener("abort", leave);
      request.end(body);
      if (signal.aborted) leave();
    });
  return attempt;
}

/** Whether the server had closed a kept connection before it could see the request: it takes another one, over a new connection at last. */
function isStale(request: ClientRequest, error: NodeJS.ErrnoException): boolean {
  return request.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
}

class NodeAnswer implements HttpAnswer {
  readonly status: number;
  readonly #incoming: IncomingMessage;
  #body: ReadableStream<Uint8Array> | undefined;

  constructor(incoming: IncomingMessage) {
    this.status = incoming.statusCode ?? 0;
    this.#incoming = incoming;
    // Whoever reads is told by other events.
    incoming.on("error", ignore);
  }

  get headers(): { get(name: string): string | null } {
    const { headers } = this.#incoming;
    return {
      get(name) {
        const value = headers[name];
        return value === undefined ? null : String(value);
      },
    };
  }

  get body(): ReadableStream<Uint8Array> {
    // One, as of a Response: a second one that nobody reads would keep all that comes.
    this.#body ??= streamOf(this.#incoming);
    return this.#body;
  }

  text(): Promise<string> {
    const incoming = this.#incoming;
    return new Promise((resolve, reject) => {
      let text = "";
      incoming.setEncoding("utf8");
      incoming.on("data", (piece: string) => {
        text += piece;
        if (text.length > mostText) incoming.destroy();
      });
      incoming.once("end", () => resolve(text));
      incoming.once("close", () => {
        // An error is not made for nothing: its stack is much of what a request costs.
        if (!incoming.readableEnded) reject(cutOff());
      });
    });
  }
}

/** As it is read, and no further; cancelling it ends the connection. */
function streamOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  let isOver = false;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const over = (act: () => void): void => {
          if (isOver) return;
          isOver = true;
          act();
        };
        incoming.on("data", (chunk: Uint8Array) => {
          if (isOver) return;
          controller.enqueue(chunk);
          if ((controller.desiredSize ?? 0) < 0) incoming.pause();
        });
        incoming.once("end", () => over(() => controller.close()));
        incoming.once("close", () => over(() => controller.error(incoming.errored ?? cutOff())));
        incoming.pause();
      },
      pull() {
        incoming.resume();
      },
      cancel() {
        isOver = true;
        incoming.destroy();
      },
    },
    { highWaterMark: 0 },
  );
}

function cutOff(): Error {
  return new Error("The answer was cut off");
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error("The request was left", { cause: reason });
}

function ignore(): void {}
