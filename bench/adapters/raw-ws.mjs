// The limit over WebSockets: a text message of `ws` for every frame, all of a turn in one write of the socket, nothing else.
import { once } from "node:events";
import { WebSocket, WebSocketServer } from "ws";
import { drained, kinds, RawClient, RawServer } from "./raw-calls.mjs";

const turn = () => new Promise(setImmediate);
const unsentBytes = 256 * 1024;

/** `letter · id · space · JSON`; bytes are a message of their own. */
function frames(socket, isCorked, onText, onBytes) {
  let isDue = false;
  const flush = () => {
    isDue = false;
    socket._socket?.uncork();
  };
  const hold = () => {
    if (isDue || !isCorked) return;
    isDue = true;
    socket._socket.cork();
    queueMicrotask(() => process.nextTick(flush));
  };
  socket.on("error", () => {});
  socket.on("message", (data, isBinary) => {
    if (isBinary) return onBytes(data);
    const start = data.toString("latin1", 0, 12);
    const space = start.indexOf(" ", 1);
    onText(start.charCodeAt(0) - 64, Number(start.slice(1, space)), data.toString("utf8", space + 1));
  });
  return {
    send(kind, id, text) {
      hold();
      socket.send(`${letterOf[kind]}${id} ${text}`);
    },
    sendBytes(bytes) {
      hold();
      socket.send(bytes);
    },
    sendShared(buffers) {
      hold();
      for (const buffer of buffers) socket.send(buffer, asText);
    },
    pause(count) {
      // The only backpressure that a WebSocket has.
      const { _socket } = socket;
      if (_socket === null) return;
      if (_socket.writableNeedDrain && _socket.writableLength >= unsentBytes) return drained(_socket);
      return count % 512 === 511 ? turn() : undefined;
    },
    setReading: (isReading) => (isReading ? socket.resume() : socket.pause()),
  };
}

const asText = { binary: false };
const letterOf = Array.from({ length: 20 }, (_, kind) => String.fromCharCode(64 + kind));

const share = (texts) => texts.map((text) => Buffer.from(`${letterOf[kinds.shared]}0 ${text}`));

/** @param isCorked whether what is sent in a turn is one write of the socket */
export function webSockets(isCorked) {
  return {
    async serve() {
      const calls = new RawServer(share);
      const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
      server.on("connection", (socket) => {
        const onClose = calls.accept((onText, onBytes) => frames(socket, isCorked, onText, onBytes));
        socket.once("close", onClose);
      });
      await once(server, "listening");
      return `ws://127.0.0.1:${server.address().port}`;
    },
    async connect(address) {
      const socket = new WebSocket(address, { perMessageDeflate: false });
      await once(socket, "open");
      const client = new RawClient((onText, onBytes) => frames(socket, isCorked, onText, onBytes));
      client.close = async () => socket.terminate();
      return client;
    },
  };
}

export const { serve, connect } = webSockets(true);
