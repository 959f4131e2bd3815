/** The far end of a pipe, made by hand over TCP and over WebSocket: says any bytes, hears frames, and breaks off in any way. */
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { connectedSocket } from "@sluice/protocol/testing/node";
import { PipeFrameDecoder, type PipeMetadata } from "@sluice/protocol/wire";
import { openPipe, type Pipe, type PipeOptions } from "@sluice/transport-socket";
import { onTestFinished } from "vitest";
import { WebSocket, WebSocketServer } from "ws";

/** What a pipe meets at the other end. */
export interface PipeFar {
  /** The frames that the pipe has sent. */
  readonly sent: readonly PipeMetadata[];
  /** Bytes that were said and have not gone out. */
  readonly unsent: number;
  /** Says bytes. Resolves when they have gone out. */
  say(bytes: Uint8Array): Promise<void>;
  /** Leaves without the close of a pipe. */
  leave(): void;
  reset(): void;
  /** Hears nothing until `resume()`. */
  pause(): void;
  resume(): void;
}

/** How a table of tests is run over one kind of carrier. */
export interface PipeWorld {
  readonly scheme: "tcp" | "ws";
  /** To listen at. */
  readonly url: string;
  /** Timers that wait for the end of a carrier. */
  readonly endTimers: number;
  /** Whether what first comes is looked at, before it is taken for frames. */
  readonly knowsStrangers: boolean;
  /** A pipe whose other end is a {@link PipeFar}. */
  meet(options?: PipeOptions): Promise<{ far: PipeFar; pipe: Pipe }>;
  /** Connects, says `bytes`, and resets the connection. */
  breakOff(address: string, bytes: Uint8Array): Promise<void>;
}

class SocketFar implements PipeFar {
  readonly sent: PipeMetadata[] = [];
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
    const decoder = new PipeFrameDecoder({ maxMetadata: 65_536, maxPayload: 2 ** 30 });
    socket.on("error", () => {});
    socket.on("data", (chunk: Uint8Array) => decoder.push(chunk, ({ metadata }) => this.sent.push(metadata)));
  }

  get unsent(): number {
    return this.#socket.writableLength;
  }

  say(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => this.#socket.write(bytes, () => resolve()));
  }

  leave(): void {
    this.#socket.end();
  }

  reset(): void {
    this.#socket.resetAndDestroy();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }
}

/** Bytes of a message: every pipe takes so many. */
const messageBytes = 64 * 1024;

class WebSocketFar implements PipeFar {
  readonly sent: PipeMetadata[] = [];
  readonly #socket: WebSocket;
  readonly #raw: Socket;

  constructor(socket: WebSocket, raw: Socket) {
    this.#socket = socket;
    this.#raw = raw;
    const decoder = new PipeFrameDecoder({ maxMetadata: 65_536, maxPayload: 2 ** 30 });
    socket.on("error", () => {});
    socket.on("message", (chunk: Buffer) => decoder.push(chunk, ({ metadata }) => this.sent.push(metadata)));
  }

  get unsent(): number {
    return this.#socket.bufferedAmount;
  }

  say(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      for (let at = messageBytes; at < bytes.length; at += messageBytes) {
        this.#socket.send(bytes.subarray(at - messageBytes, at));
      }
      const rest = bytes.length === 0 ? 0 : Math.floor((bytes.length - 1) / messageBytes) * messageBytes;
      this.#socket.send(bytes.subarray(rest), () => resolve());
    });
  }

  leave(): void {
    this.#socket.close(1000);
  }

  reset(): void {
    this.#raw.resetAndDestroy();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }
}

async function meetSocket(options: PipeOptions = {}): Promise<{ far: PipeFar; pipe: Pipe }> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const [[socket], pipe] = await Promise.all([
    once(server, "connection") as Promise<[Socket]>,
    openPipe(`tcp://127.0.0.1:${port}`, options),
  ]);
  onTestFinished(async () => {
    socket.destroy();
    server.close();
    await pipe.closed.catch(() => {});
  });
  return { far: new SocketFar(socket), pipe };
}

async function meetWebSocket(options: PipeOptions = {}): Promise<{ far: PipeFar; pipe: Pipe }> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const arrived = new Promise<[WebSocketFar, WebSocket]>((resolve) => {
    server.on("connection", (socket, { socket: raw }) => resolve([new WebSocketFar(socket, raw), socket]));
  });
  const [[far, socket], pipe] = await Promise.all([arrived, openPipe(`ws://127.0.0.1:${port}/`, options)]);
  onTestFinished(async () => {
    socket.terminate();
    server.close();
    await pipe.closed.catch(() => {});
  });
  return { far, pipe };
}

/** The same pipe over each of them. */
export const pipeWorlds: readonly PipeWorld[] = [
  {
    scheme: "tcp",
    url: "tcp://127.0.0.1:0",
    endTimers: 1,
    knowsStrangers: true,
    meet: meetSocket,
    async breakOff(address, bytes) {
      const socket = await connectedSocket(address);
      socket.on("error", () => {});
      await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
      socket.resetAndDestroy();
    },
  },
  {
    scheme: "ws",
    url: "ws://127.0.0.1:0/",
    endTimers: 2, // its own, and that of the answer to its close
    knowsStrangers: false,
    meet: meetWebSocket,
    async breakOff(address, bytes) {
      const socket = new WebSocket(address);
      const raw = new Promise<Socket>((resolve) =>
        socket.once("upgrade", (answer) => resolve(answer.socket)),
      );
      socket.on("error", () => {});
      await once(socket, "open");
      await new Promise<void>((resolve) => socket.send(bytes, () => resolve()));
      (await raw).resetAndDestroy();
    },
  },
];
