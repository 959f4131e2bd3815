/**
 * A proxy between HTTP clients and a server that does what proxies do: it collects events, fails requests that were served, repeats and
 * reorders them, and cuts what is idle.
 *
 * Requests that accept `text/event-stream` are *streams*, all others are *posts*, whatever their method. Documented in docs/testing.md.
 */
import { once } from "node:events";
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type Clock, systemClock } from "../../clock.ts";
import { EventEmitter } from "../../event-emitter.ts";
import { HeldBody } from "./held-body.ts";

/**
 * What is done to a post. `"refuse"`: 502, and the server hears nothing of it. `"fail"`: 502 after the server has answered. `"cut"`: the
 * connection is destroyed then. `"double"`: the server gets it twice, one after the other. `"late"`: the server gets it behind the post
 * that comes next (or after `lateMs`). `"hang"`: the server answers, and nobody is told, until {@link HttpFaultProxy.heal}.
 */
export type PostFault = "refuse" | "fail" | "cut" | "double" | "late" | "hang";

export interface HttpFaults {
  /** Bodies of streams are held back until so many bytes have gathered, or so many ms after the first of them. Heads too. */
  readonly buffer?: { readonly bytes: number; readonly ms: number } | undefined;
  /** A stream that has brought nothing for so many ms is cut. */
  readonly idleMs?: number | undefined;
  /** What is done to each post, by its number, from 1. */
  readonly post?: ((number: number) => PostFault | undefined) | undefined;
}

export interface HttpFaultProxyOptions extends HttpFaults {
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
  /** How long a late post waits at most, ms. Default 250. */
  readonly lateMs?: number | undefined;
}

export interface HttpFaultProxyEvents {
  /** The server has answered with a stream. */
  stream: undefined;
  /** So many bytes of a stream were passed on. */
  passed: { readonly bytes: number };
  /** A stream is over. */
  streamClosed: undefined;
  /** The server has answered a post; `fault`: what is done to it. */
  post: { readonly number: number; readonly status: number; readonly fault: PostFault | undefined };
}

export class HttpFaultProxy extends EventEmitter<HttpFaultProxyEvents> {
  /** Posts that have come. */
  posts = 0;
  /** Streams that were opened. */
  opened = 0;
  /** The most streams that were open at once. */
  mostStreams = 0;
  readonly #target: URL;
  readonly #clock: Clock;
  readonly #lateMs: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #streams = new Set<() => void>();
  readonly #waiting = new Set<() => void>();
  readonly #hanging = new Set<() => void>();
  #faults: HttpFaults;
  #isDown = false;

  /** Made by {@link httpFaultProxy}, which listens. */
  constructor(target: string, options: HttpFaultProxyOptions) {
    super();
    this.#target = new URL(target);
    this.#clock = options.clock ?? systemClock;
    this.#lateMs = options.lateMs ?? 250;
    this.#faults = options;
    this.#server = createServer((incoming, outgoing) => void this.#serve(incoming, outgoing));
    this.#server.on("connection", (socket) => {
      if (this.#isDown) socket.destroy();
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
  }

  /** Where clients connect: `http://127.0.0.1:port`, without a path. */
  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Streams that are open. */
  get streams(): number {
    return this.#streams.size;
  }

  /** Starts listening; called once. */
  async listen(): Promise<void> {
    await once(this.#server.listen(0, "127.0.0.1"), "listening");
  }

  /** Other faults from now on, for streams and posts that come. */
  set(faults: HttpFaults): void {
    this.#faults = faults;
  }

  /** Cuts every stream; posts go on. */
  cutStreams(): void {
    for (const cut of [...this.#streams]) cut();
  }

  /** Destroys every connection; new ones can be made. */
  cut(): void {
    for (const socket of [...this.#sockets]) socket.destroy();
  }

  /** Destroys every connection, and those that come, until {@link heal}. */
  down(): void {
    this.#isDown = true;
    this.cut();
  }

  /** Ends {@link down} and lets hanging answers go. Other faults stay. */
  heal(): void {
    this.#isDown = false;
    for (const release of [...this.#hanging]) release();
  }

  /** Listens no more, and ends every connection. */
  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.heal();
    this.cut();
    await closed;
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    incoming.on("error", ignore);
    outgoing.on("error", ignore);
    try {
      const isStream = incoming.headers.accept?.includes("text/event-stream") === true;
      if (isStream) await this.#stream(incoming, outgoing);
      else await this.#post(incoming, outgoing);
    } catch {
      // The client, or the server behind, has gone.
      if (outgoing.headersSent) outgoing.destroy();
      else outgoing.writeHead(502).end();
    }
  }

  async #stream(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const response = await this.#forward(incoming, await bodyOf(incoming), outgoing);
    const { buffer, idleMs } = this.#faults;
    let isOver = false;
    const end = (cut: boolean): void => {
      if (isOver) return;
      isOver = true;
      this.#streams.delete(cutThis);
      body.stop();
      response.destroy();
      if (cut) outgoing.destroy();
      else outgoing.end();
      this.emit("streamClosed", undefined);
    };
    const cutThis = (): void => end(true);
    const body = new HeldBody(outgoing, this.#clock, {
      buffer,
      idleMs,
      head: () => outgoing.writeHead(response.statusCode ?? 502, response.headers),
      onPassed: (bytes) => this.emit("passed", { bytes }),
      onIdle: cutThis,
      onRoom: () => response.resume(),
    });
    this.#streams.add(cutThis);
    this.opened++;
    this.mostStreams = Math.max(this.mostStreams, this.#streams.size);
    response.on("data", (chunk: Uint8Array) => {
      if (!body.write(chunk)) response.pause();
    });
    response.once("end", () => {
      body.flush();
      end(false);
    });
    response.once("close", cutThis);
    response.on("error", ignore);
    outgoing.once("close", cutThis);
    this.emit("stream", undefined);
  }

  async #post(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const number = ++this.posts;
    const body = await bodyOf(incoming);
    const fault = this.#faults.post?.(number);
    if (fault === "refuse") {
      outgoing.writeHead(502).end();
      return;
    }
    if (fault === "late") await this.#untilNext();
    let response = await this.#forward(incoming, body, outgoing);
    let answer = await bodyOf(response);
    if (fault === "double") {
      response = await this.#forward(incoming, body, outgoing);
      answer = await bodyOf(response);
    }
    const { statusCode = 502, headers } = response;
    this.emit("post", { number, status: statusCode, fault });
    if (fault !== "late") this.#release();
    if (fault === "hang") await this.#untilHealed(outgoing);
    if (fault === "cut") incoming.socket.destroy();
    else if (fault === "fail") outgoing.writeHead(502).end();
    else outgoing.writeHead(statusCode, headers).end(answer);
  }

  #forward(incoming: IncomingMessage, body: Buffer, outgoing: ServerResponse): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = this.#target;
      const { method, url: path, headers } = incoming;
      const length = { ...headers, "content-length": String(body.length) };
      const forwarded = httpRequest({ hostname, port, method, path, headers: length, agent: false });
      forwarded.once("response", resolve);
      forwarded.once("error", reject);
      // The server feels it when a client goes before it is answered.
      outgoing.once("close", () => {
        if (!outgoing.writableFinished) forwarded.destroy();
      });
      forwarded.end(body);
    });
  }

  /** Waits until a later post has been answered. */
  #untilNext(): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        timer.cancel();
        this.#waiting.delete(go);
        resolve();
      };
      const timer = this.#clock.setTimer(this.#lateMs, go);
      this.#waiting.add(go);
    });
  }

  #untilHealed(outgoing: ServerResponse): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        this.#hanging.delete(go);
        resolve();
      };
      this.#hanging.add(go);
      outgoing.once("close", go);
    });
  }

  #release(): void {
    for (const go of [...this.#waiting]) go();
  }
}

/** An HTTP proxy at a free port of 127.0.0.1 that passes requests to `target` (`http://host:port`), path and all. */
export async function httpFaultProxy(
  target: string,
  options: HttpFaultProxyOptions = {},
): Promise<HttpFaultProxy> {
  const proxy = new HttpFaultProxy(target, options);
  await proxy.listen();
  return proxy;
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function ignore(): void {}
