// The limit: JSON in length-prefixed frames over node:net, one write per turn, nothing else.
import { once } from "node:events";
import { createServer, connect as netConnect } from "node:net";
import { drained, kinds, RawClient, RawServer } from "./raw-calls.mjs";

const slabBytes = 64 * 1024;
const headerBytes = 9;
/** What may wait in a socket before a sender of bytes waits, too. */
const unsentBytes = 256 * 1024;
const bytesKind = 0;

const turn = () => new Promise(setImmediate);

/** `u32 length · u8 kind · u32 id · JSON or bytes`: decoded a whole chunk at a time, and written once per turn. */
function frames(socket, onText, onBytes) {
  let out;
  let at = 0;
  let from = 0;
  let isDue = false;
  const flush = () => {
    isDue = false;
    if (at > from) socket.write(out.subarray(from, at));
    from = at;
  };
  const take = (bytes, p, end) => {
    const kind = bytes[p + 4];
    if (kind === bytesKind) onBytes(bytes.subarray(p + headerBytes, end));
    else onText(kind, bytes.readUInt32BE(p + 5), bytes.toString("utf8", p + headerBytes, end));
  };
  /** A frame that does not lie in one chunk: its bytes are copied once, to where all of it will be. */
  let part;
  let partBytes = 0;
  socket.setNoDelay(true);
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    let p = 0;
    while (part !== undefined && p < chunk.length) {
      const copied = chunk.copy(part, partBytes, p);
      partBytes += copied;
      p += copied;
      if (partBytes < part.length) return;
      if (part.length > 4) {
        const whole = part;
        part = undefined;
        take(whole, 0, whole.length);
      } else {
        const length = Buffer.allocUnsafeSlow(part.readUInt32BE(0) + 4);
        part.copy(length);
        part = length;
      }
    }
    while (p < chunk.length) {
      const left = chunk.length - p;
      const end = left < 4 ? Number.POSITIVE_INFINITY : p + 4 + chunk.readUInt32BE(p);
      if (end > chunk.length) {
        part = Buffer.allocUnsafeSlow(left < 4 ? 4 : end - p);
        partBytes = chunk.copy(part, 0, p);
        return;
      }
      take(chunk, p, end);
      p = end;
    }
  });
  return {
    send(kind, id, text) {
      if (out === undefined || out.length - at < headerBytes + 3 * text.length) {
        if (isDue) flush();
        out = Buffer.allocUnsafeSlow(Math.max(slabBytes, headerBytes + 3 * text.length));
        at = from = 0;
      }
      at += writeFrame(out, at, kind, id, text);
      if (isDue) return;
      isDue = true;
      queueMicrotask(() => process.nextTick(flush));
    },
    sendBytes(bytes) {
      if (isDue) flush();
      const header = Buffer.allocUnsafe(headerBytes);
      header.writeUInt32BE(5 + bytes.length, 0);
      header[4] = bytesKind;
      header.writeUInt32BE(0, 5);
      // Both go out by one `writev`.
      socket.cork();
      socket.write(header);
      socket.write(bytes);
      process.nextTick(() => socket.uncork());
    },
    sendShared: (buffer) => socket.write(buffer),
    pause(count) {
      // The only backpressure that a socket has.
      if (socket.writableNeedDrain && socket.writableLength >= unsentBytes) return drained(socket);
      return count % 512 === 511 ? turn() : undefined;
    },
    setReading: (isReading) => (isReading ? socket.resume() : socket.pause()),
  };
}

/** Returns how long the frame is. */
function writeFrame(out, at, kind, id, text) {
  const written = out.write(text, at + headerBytes);
  out.writeUInt32BE(5 + written, at);
  out[at + 4] = kind;
  out.writeUInt32BE(id, at + 5);
  return headerBytes + written;
}

/** Frames for all subscribers at once. */
function share(texts) {
  const out = Buffer.allocUnsafeSlow(texts.reduce((sum, text) => sum + headerBytes + 3 * text.length, 0));
  let at = 0;
  for (const text of texts) at += writeFrame(out, at, kinds.shared, 0, text);
  return out.subarray(0, at);
}

const target = (address) =>
  address.startsWith("unix:")
    ? { path: address.slice(5) }
    : { host: "127.0.0.1", port: Number(address.split(":").at(-1)) };

export async function serve(address) {
  const calls = new RawServer(share);
  const server = createServer((socket) => {
    const onClose = calls.accept((onText, onBytes) => frames(socket, onText, onBytes));
    socket.once("close", onClose);
  });
  await new Promise((resolve) => server.listen(target(address), resolve));
  const bound = server.address();
  return typeof bound === "string" ? address : `tcp://127.0.0.1:${bound.port}`;
}

export async function connect(address) {
  const socket = netConnect(target(address));
  await once(socket, "connect");
  const client = new RawClient((onText, onBytes) => frames(socket, onText, onBytes));
  client.close = async () => socket.destroy();
  return client;
}
