/**
 * The calls whose cost is counted: a server and a client in one process, over a real link.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@sluice/client";
import { CountingLink } from "@sluice/protocol/testing";
import { Server } from "@sluice/server";
import { listenSocket, SocketTransport } from "@sluice/transport-socket";
import { listenWebSocket, WebSocketTransport } from "@sluice/transport-websocket";

const person = {
  type: "object",
  properties: {
    id: { type: "integer" },
    name: { type: "string" },
    tags: { type: "array", items: { type: "string" } },
  },
  required: ["id", "name", "tags"],
  additionalProperties: false,
};

const tick = {
  type: "object",
  properties: { seq: { type: "integer" }, ts: { type: "number" }, value: { type: "number" } },
  required: ["seq", "ts", "value"],
  additionalProperties: false,
};

const protocol = {
  echo: { type: "request", param: person, result: person },
  ticks: { type: "stream", param: { type: "integer" }, receive: tick },
  collect: { type: "channel", send: tick, receive: tick, result: { type: "integer" } },
  note: { type: "event", data: tick },
};

const tickOf = (seq) => ({ seq, ts: 1, value: seq * 0.5 });

/** How often an operation runs at once. */
const inFlight = 64;

async function atOnce(operations, one) {
  let next = 0;
  const lane = async () => {
    while (next < operations) await one(next++);
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
}

/** What is counted: how each runs a number of operations. */
export const workloads = {
  /** One operation: a request and its answer, 64 in flight. */
  request: (client, operations) =>
    atOnce(operations, async (id) => {
      const answer = await client.request("echo", { param: { id, name: "name", tags: ["a", "bb", "ccc"] } });
      if (answer.id !== id) throw new Error(`echo of ${id} gave ${answer.id}`);
    }),
  /** One operation: an item that a generator yields and a loop takes. */
  stream: async (client, operations) => {
    let received = 0;
    for await (const { seq } of client.stream("ticks", { param: operations })) {
      if (seq !== received++) throw new Error(`item ${seq} came as number ${received}`);
    }
    if (received !== operations) throw new Error(`${received} of ${operations} items came`);
  },
  /** One operation: an item there and back over one channel, 64 on their way. */
  channel: async (client, operations) => {
    const call = client.channel("collect");
    const writer = call.writable.getWriter();
    let sent = 0;
    const send = async () => {
      if (sent < operations) await writer.write(tickOf(sent++));
    };
    for (let i = 0; i < inFlight; i++) await send();
    let received = 0;
    for await (const { seq } of call) {
      if (seq !== received++) throw new Error(`item ${seq} came as number ${received}`);
      if (received === operations) break;
      await send();
    }
  },
  /** One operation: an event that is accepted, 64 in flight. */
  event: (client, operations) => atOnce(operations, (seq) => client.event("note", { data: tickOf(seq) })),
};

/** How a server listens and a client connects. */
const ways = {
  unix: (folder) => ({
    listener: listenSocket({ path: join(folder, "s.sock") }),
    transport: (address) => new SocketTransport({ socket: address }),
  }),
  websocket: () => ({
    listener: listenWebSocket({ port: 0 }),
    transport: (address) => new WebSocketTransport({ url: address }),
  }),
};

/**
 * A server and a client that are connected.
 *
 * @param {string} name of a transport
 * @param {boolean} counts whether the client's frames are counted
 */
export async function connected(name, counts) {
  const folder = mkdtempSync(join(tmpdir(), "sluice-cost-"));
  const way = ways[name];
  if (way === undefined) throw new Error(`No transport ${name}; there are ${Object.keys(ways).join(", ")}`);
  const { listener, transport: transportTo } = way(folder);
  const server = new Server({
    protocol,
    public: true,
    handlers: {
      echo: async ({ param }) => param,
      async *ticks({ param }) {
        for (let seq = 0; seq < param; seq++) yield tickOf(seq);
      },
      async *collect({ readable }) {
        let seen = 0;
        for await (const item of readable) {
          seen++;
          yield item;
        }
        return seen;
      },
      note() {},
    },
  });
  const [address = ""] = await server.listen(listener);
  const transport = transportTo(address);
  const links = [];
  const client = new Client({
    protocol,
    transport: {
      name: transport.name,
      async connect(...args) {
        const link = await transport.connect(...args);
        if (!counts) return link;
        const counting = new CountingLink(link);
        links.push(counting);
        return counting;
      },
      dispose: () => transport.dispose(),
    },
  });
  await client.ready;
  return {
    client,
    /** Frames that the client has sent and received. */
    frames: () => links.reduce((sum, { sent, received }) => sum + sent.frames + received.frames, 0),
    async close() {
      await client.dispose();
      await server.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
