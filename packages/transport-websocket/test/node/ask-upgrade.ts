/** Asks for upgrades by hand: any headers, any path, and what the server answers. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";

export interface Answer {
  readonly status: number;
  /** The head's lines, without the first. */
  readonly head: readonly string[];
  readonly body: string;
  /** Open if it was upgraded. */
  readonly socket: Socket;
}

const key = "dGhlIHNhbXBsZSBub25jZQ==";

export interface AskOptions {
  readonly method?: string;
  readonly path?: string;
  /** `undefined`: the header is left out. A list: it stands there several times. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Where it comes from: any address of loopback. */
  readonly localAddress?: string;
}

/** The text of a request for an upgrade, as browsers write it, with `headers` in place of its own. */
export function upgradeRequest(
  url: URL,
  { method = "GET", path = url.pathname, headers = {} }: AskOptions,
): string {
  const all = {
    Host: url.host,
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Key": key,
    "Sec-WebSocket-Version": "13",
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) =>
    (value === undefined ? [] : [value].flat()).map((one) => `${name}: ${one}\r\n`),
  );
  return `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

/** A connection to the port of `address` that is destroyed with the test, and whose errors end it. */
export async function connectTo(address: string, localAddress?: string): Promise<Socket> {
  const { hostname, port } = new URL(address);
  const from = localAddress === undefined ? {} : { localAddress };
  const socket = connect({ host: hostname.replace(/^\[|\]$/g, ""), port: Number(port), ...from });
  socket.on("error", () => {
    // 'close' follows.
  });
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  return socket;
}

/** What the server at `address` answers. A connection that it ends without a word is status 0. */
export async function askUpgrade(address: string, options: AskOptions = {}): Promise<Answer> {
  const socket = await connectTo(address, options.localAddress);
  socket.write(upgradeRequest(new URL(address), options));
  return readAnswer(socket);
}

/** Reads an answer: all of it if it is a refusal, its head if it is an upgrade. */
export function readAnswer(socket: Socket): Promise<Answer> {
  return new Promise((resolve) => {
    let text = "";
    const settle = (): void => {
      socket.removeListener("data", onData).removeListener("close", settle);
      const [head = "", ...rest] = text.split("\r\n\r\n");
      const [first = "", ...lines] = head.split("\r\n");
      resolve({ status: Number(first.split(" ")[1] ?? 0), head: lines, body: rest.join("\r\n\r\n"), socket });
    };
    const onData = (chunk: Uint8Array): void => {
      text += Buffer.from(chunk).toString("latin1");
      if (text.startsWith("HTTP/1.1 101") && text.includes("\r\n\r\n")) settle();
    };
    socket.on("data", onData).once("close", settle);
  });
}
