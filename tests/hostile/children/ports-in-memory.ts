/**
 * A server and clients on MessagePorts, and a peer on a port that obeys no rule, all in one process with a small heap.
 *
 * Asked for an attack, it runs it beside a client that calls all the time, and tells how it ended.
 */
import { MessageChannel } from "node:worker_threads";
import { Client } from "@sluice/client";
import { SluiceError } from "@sluice/protocol";
import { portFrames, RawPort } from "@sluice/protocol/testing/node";
import { Server } from "@sluice/server";
import { messagePortTransport } from "@sluice/transport-memory";
import { protocol as hostile } from "../protocol.ts";
import { memoryAtRest, troubles } from "./report.ts";

const protocol = { echo: hostile.echo, hold: hostile.hold, keep: hostile.keep, pour: hostile.pour };
const { hello, welcome, open, data, ping } = portFrames;

const kept: unknown[] = [];
const server = new Server({
  protocol,
  public: true,
  handlers: {
    echo: ({ param }) => param,
    keep: ({ param }) => void kept.push(param),
    async hold({ signal }) {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return signal.reason;
    },
    async pour() {},
  },
});

function client(): { client: Client<typeof protocol>; port: MessageChannel["port1"] } {
  const { port1, port2 } = new MessageChannel();
  const made = new Client({ protocol, transport: messagePortTransport(port1), reconnect: false });
  return { client: made, port: port2 };
}

const honest = client();
server.handle(messagePortTransport(honest.port));
await honest.client.ready;

/** A raw connector that has shaken hands with the server. */
async function session(): Promise<RawPort> {
  const { port1, port2 } = new MessageChannel();
  server.handle(messagePortTransport(port1));
  const raw = new RawPort(port2);
  raw.send(hello());
  await raw.next(({ type }) => type === 2);
  return raw;
}

/** A client of ours that has met a raw acceptor, its call, and how that ends: `CODE processed`. */
async function called(kind: "echo" | "pour"): Promise<{ raw: RawPort; call: number; end: Promise<string> }> {
  const { client: victim, port } = client();
  const raw = new RawPort(port);
  await raw.next(({ type }) => type === 1);
  raw.send(welcome());
  const calling =
    kind === "echo"
      ? victim.request("echo", { param: 1 })
      : victim.stream("pour", { param: { bytes: 1 } }).result;
  const end = calling.then(
    (value) => JSON.stringify(value),
    (reason) => (SluiceError.is(reason) ? `${reason.code} ${reason.processed}` : String(reason)),
  );
  const { call } = await raw.next(({ type }) => type === 3);
  return { raw, call, end: end.finally(() => victim.dispose()) };
}

const item = new Uint8Array(10_000);
const itemBytes = 256 + item.length;

/** Posts 1 MB of items although nobody has allowed that. */
function flood(raw: RawPort, call: number, start: number): void {
  for (let sent = 0; sent < 100; sent++) {
    raw.send(data(call, start + sent * (64 + itemBytes), { total: itemBytes, payload: item }));
  }
}

/** Attacks by name; each gives the codes with which both sides ended. */
const attacks = {
  async "a flood of items, at a server"() {
    const raw = await session();
    raw.send(open(1, "hold", { halfClosed: false }));
    await raw.next(({ type }) => type === 6);
    flood(raw, 1, 64);
    return raw.closing();
  },
  async "a flood of items, at a client"() {
    const { raw, call, end } = await called("pour");
    flood(raw, call, 0);
    return `${await raw.closing()}, ${await end}`;
  },
  async "an announcement of 4 GiB, at a server"() {
    const raw = await session();
    raw.send(open(1, "echo", { more: true, total: 2 ** 32 - 1 }));
    return raw.closing();
  },
  async "an announcement of 4 GiB, at a client"() {
    const { raw, call, end } = await called("echo");
    raw.send({ ...data(call, 0, { more: true, head: true, total: 2 ** 32 - 1 }), type: 8 });
    return `${await raw.closing()}, ${await end}`;
  },
  async "pings whose answers nobody takes, at a server"() {
    const raw = await session();
    raw.confirms = false;
    for (let sent = 0; sent < 20_000; sent += 1_000) {
      raw.send(...Array.from({ length: 1_000 }, (_, at) => ping(sent + at)));
    }
    await raw.closed;
    return raw.frames.length <= 1_024 + 16_384 + 1 ? "closed" : `${raw.frames.length} answers`;
  },
  async "shared memory, at a server"() {
    const raw = await session();
    raw.send(open(1, "echo", { total: 264, payload: new SharedArrayBuffer(8) }));
    return raw.closing();
  },
  async "shared memory, at a client"() {
    const { raw, call, end } = await called("echo");
    const payload = new Uint8Array(new SharedArrayBuffer(8));
    raw.send({ ...data(call, 0, { total: 264, payload }), type: 8 });
    return `${await raw.closing()}, ${await end}`;
  },
  async "bytes that change after they were sent, at a server"() {
    kept.length = 0;
    const bytes = new Uint8Array(100).fill(7);
    const list = [bytes, { deep: [1] }];
    const { client: sender, port } = client();
    server.handle(messagePortTransport(port));
    const sent = sender.request("keep", { param: list });
    await sent;
    bytes.fill(9);
    (list[1] as { deep: number[] }).deep.push(2);
    await sender.dispose();
    const [[first, second]] = kept as [[Uint8Array, { deep: number[] }]];
    return `${first.every((byte) => byte === 7)} ${JSON.stringify(second)}`;
  },
  async "bytes that change after they were answered, at a client"() {
    const param = [new Uint8Array(100).fill(7)];
    const [first] = (await honest.client.request("echo", { param })) as [Uint8Array];
    param[0]?.fill(9);
    first.fill(8);
    const [second] = (await honest.client.request("echo", { param: [new Uint8Array(100).fill(7)] })) as [
      Uint8Array,
    ];
    return `${first.every((byte) => byte === 8)} ${second.every((byte) => byte === 7)} ${param[0]?.[0]}`;
  },
} as const;

export type PortAttack = keyof typeof attacks;

async function underAttack(name: PortAttack): Promise<{ ended: string; calls: number }> {
  let isOver = false;
  const calling = (async () => {
    let count = 0;
    do {
      if ((await honest.client.request("echo", { param: count })) !== count)
        throw new Error("another answer");
      count++;
    } while (!isOver);
    return count;
  })();
  const ended = String(await attacks[name]());
  isOver = true;
  return { ended, calls: await calling };
}

process.on("message", async (question: PortAttack | "dispose") => {
  if (question === "dispose") {
    await honest.client.dispose();
    await server.dispose();
    process.send?.("disposed", () => process.disconnect());
    return;
  }
  await underAttack(question);
  const before = await memoryAtRest();
  const end = await underAttack(question);
  process.send?.({ ...end, before, after: await memoryAtRest(), troubles: troubles() });
});
process.send?.("started");
