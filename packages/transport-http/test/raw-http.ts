/** A connection on which a test writes HTTP by hand. */
import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";

export interface RawHttp {
  readonly socket: Socket;
  write(text: string | Uint8Array): void;
  /** Resolves with all that has come, when that ends with or contains `until`; rejects when the connection ends before. */
  read(until: string | RegExp): Promise<string>;
  /** Resolves with all that has come, when the connection has ended. */
  readonly end: Promise<string>;
}

/** Connects to a port of loopback, until the test is over. */
export async function rawHttp(port: number): Promise<RawHttp> {
  const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  let text = "";
  const watchers = new Set<() => void>();
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => {
    text += chunk;
    for (const watch of watchers) watch();
  });
  const end = new Promise<string>((resolve) => {
    const over = (): void => resolve(text);
    socket.on("end", over);
    socket.on("error", over);
    socket.on("close", over);
  });
  await new Promise((resolve) => socket.once("connect", resolve));
  return {
    socket,
    write: (written) => void socket.write(written),
    read: (until) =>
      new Promise((resolve, reject) => {
        const watch = (): void => {
          if (typeof until === "string" ? !text.includes(until) : !until.test(text)) return;
          watchers.delete(watch);
          resolve(text);
        };
        watchers.add(watch);
        watch();
        void end.then(() => reject(new Error(`The connection ended before ${until}: ${text}`)));
      }),
    end,
  };
}

/** A request as text, with `Host` and what `headers` say. */
export function rawRequest(line: string, headers: readonly string[] = [], body = ""): string {
  return [`${line} HTTP/1.1`, "Host: 127.0.0.1", ...headers, "", body].join("\r\n");
}
