// The limit over WebSockets: a text message of `ws` for every frame, all of a turn in one write of the socket, nothing else.
import { WebSocket, WebSocketServer } from "ws";

/** Sends `kind id JSON`; the socket below is held until the turn is over. */
function frames(socket, onFrame) {
  let isDue = false;
  const flush = () => {
    isDue = false;
    socket._socket?.uncork();
  };
  socket.on("error", () => {});
  socket.on("message", (data) => {
    const text = data.toString("latin1", 0, 12);
    const space = text.indexOf(" ", 1);
    onFrame(text[0], Number(text.slice(1, space)), data.toString("utf8", space + 1));
  });
  return (kind, id, json) => {
    if (!isDue) {
      isDue = true;
      socket._socket.cork();
      queueMicrotask(() => process.nextTick(flush));
    }
    socket.send(`${kind}${id} ${json}`);
  };
}

export async function serve() {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
  const echo = async (value) => value;
  server.on("connection", (socket) => {
    const send = frames(socket, (kind, id, json) => {
      if (kind === "1") void answer(id, json);
      else void tick(id, JSON.parse(json));
    });
    const answer = async (id, json) => send("1", id, JSON.stringify(await echo(JSON.parse(json))));
    const tick = async (id, count) => {
      for (let seq = 0; seq < count; seq++) {
        send("2", id, JSON.stringify({ seq, ts: 1, value: seq * 0.5 }));
        // The only backpressure that a WebSocket has.
        if (seq % 512 === 511) await drained(socket);
      }
      send("3", id, "null");
    };
  });
  await new Promise((resolve) => server.once("listening", resolve));
  return `ws://127.0.0.1:${server.address().port}`;
}

async function drained(socket) {
  await new Promise(setImmediate);
  if (socket._socket.writableNeedDrain) {
    await new Promise((resolve) => socket._socket.once("drain", resolve));
  }
}

export async function connect(address) {
  const socket = new WebSocket(address, { perMessageDeflate: false });
  await new Promise((resolve) => socket.once("open", resolve));
  const waiting = new Map();
  let lastId = 0;
  const send = frames(socket, (kind, id, json) => {
    const value = JSON.parse(json);
    if (kind !== "2") {
      const resolve = waiting.get(id);
      waiting.delete(id);
      resolve(value);
    } else waiting.get(-id)(value);
  });
  const call = (kind, json) =>
    new Promise((resolve) => {
      const id = ++lastId;
      waiting.set(id, resolve);
      send(kind, id, json);
    });
  return {
    echo: (value) => call("1", JSON.stringify(value)),
    async ticks(count) {
      let received = 0;
      waiting.set(-(lastId + 1), () => received++);
      await call("2", String(count));
      return received;
    },
    close: async () => socket.terminate(),
  };
}
