/**
 * Answers a request for an upgrade with a refusal: a status and a few words, and the end of the connection.
 */
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

/** `reason` is shown to whoever asked: it repeats nothing of the request. */
export function refuseUpgrade(
  socket: Duplex,
  status: number,
  reason: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = `${reason}\n`;
  const lines = {
    Connection: "close",
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Length": String(Buffer.byteLength(body)),
    ...headers,
  };
  const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.on("error", () => {
    // It is over, with or without its answer.
  });
  socket.once("finish", () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head.join("")}\r\n${body}`);
}
