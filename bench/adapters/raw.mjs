// The limit: JSON in length-prefixed frames over node:net, one write per turn, nothing else.
import { createServer, connect as netConnect } from "node:net";

const slab = 64 * 1024;

/** Frames `u32 length · u8 kind · u32 id · JSON`, decoded a whole chunk at a time and written once per turn. */
function frames(socket, onFrame) {
  let out = Buffer.allocUnsafeSlow(slab);
  let at = 0;
  let from = 0;
  let isDue = false;
  let rest;
  const flush = () => {
    isDue = false;
    if (at > from) socket.write(out.subarray(from, at));
    from = at;
  };
  socket.setNoDelay(true);
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    let bytes = chunk;
    if (rest !== undefined) bytes = Buffer.concat([rest, chunk]);
    rest = undefined;
    let p = 0;
    while (bytes.length - p >= 9) {
      const length = bytes.readUInt32BE(p);
      if (bytes.length - p < length + 4) break;
      onFrame(bytes[p + 4], bytes.readUInt32BE(p + 5), bytes.toString("utf8", p + 9, p + 4 + length));
      p += 4 + length;
    }
    if (p < bytes.length) rest = bytes.subarray(p);
  });
  return (kind, id, json) => {
    if (out.length - at < 9 + 3 * json.length) {
      flush();
      out = Buffer.allocUnsafeSlow(slab);
      at = from = 0;
    }
    const written = out.write(json, at + 9);
    out.writeUInt32BE(5 + written, at);
    out[at + 4] = kind;
    out.writeUInt32BE(id, at + 5);
    at += 9 + written;
    if (isDue) return;
    isDue = true;
    queueMicrotask(() => process.nextTick(flush));
  };
}

const target = (address) =>
  address.startsWith("unix:")
    ? { path: address.slice(5) }
    : { host: "127.0.0.1", port: Number(address.split(":").at(-1)) };

export async function serve(address) {
  const server = createServer((socket) => {
    const send = frames(socket, (kind, id, json) => {
      if (kind === 1) void answer(id, json);
      else void tick(id, JSON.parse(json));
    });
    const answer = async (id, json) => send(1, id, JSON.stringify(await echo(JSON.parse(json))));
    const tick = async (id, count) => {
      for (let seq = 0; seq < count; seq++) {
        send(2, id, JSON.stringify({ seq, ts: 1, value: seq * 0.5 }));
        // The only backpressure that a raw socket has.
        if (socket.writableNeedDrain) await new Promise((resolve) => socket.once("drain", resolve));
        else if (seq % 512 === 511) await new Promise(setImmediate);
      }
      send(3, id, "null");
    };
  });
  const echo = async (value) => value;
  await new Promise((resolve) => server.listen(target(address), resolve));
  const bound = server.address();
  return typeof bound === "string" ? address : `tcp://127.0.0.1:${bound.port}`;
}

export async function connect(address) {
  const socket = netConnect(target(address));
  await new Promise((resolve) => socket.once("connect", resolve));
  const waiting = new Map();
  let lastId = 0;
  const send = frames(socket, (kind, id, json) => {
    const value = JSON.parse(json);
    if (kind !== 2) {
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
    echo: (value) => call(1, JSON.stringify(value)),
    async ticks(count) {
      const queue = [];
      let wake;
      waiting.set(-(lastId + 1), (value) => {
        queue.push(value);
        wake?.();
      });
      let isDone = false;
      void call(2, String(count)).then(() => {
        isDone = true;
        wake?.();
      });
      let received = 0;
      for (;;) {
        while (queue.length > 0) {
          for (const _ of queue.splice(0)) received++;
        }
        if (isDone) return received;
        await new Promise((resolve) => {
          wake = resolve;
        });
        wake = undefined;
      }
    },
    close: async () => socket.destroy(),
  };
}
