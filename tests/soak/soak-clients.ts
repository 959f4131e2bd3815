/**
 * The clients of the soak, in a process of their own: each makes numbered calls without end, and counts what is lost, doubled or fails.
 *
 * Told `{start}`, it connects so many; told `"rest"` and `"go on"`, it makes no calls for a while; told `"stop"`, it finishes its calls and disposes of the clients; asked `"report"`, it says what it holds, and `"counts"`, what it has counted.
 */
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { Client } from "@sluice/client";
import { SluiceError } from "@sluice/protocol";
import { msgpackCodec } from "@sluice/protocol/msgpack";
import { Dice } from "@sluice/protocol/testing";
import { jsonCodec, silentLogger, type Transport } from "@sluice/protocol/wire";
import { ClientTransport } from "@sluice/transport-http";
import { SocketTransport } from "@sluice/transport-socket";
import { WebSocketTransport } from "@sluice/transport-websocket";
import { type Faulted, faulted } from "../children/faulted-service.ts";
import { inventoryNow } from "./inventory.ts";
import { soakTimes } from "./soak-times.ts";

export interface SoakClientPlan {
  /** Best first. */
  readonly addresses: readonly string[];
  /** Whether its servers stay: then no call may fail. */
  readonly isSteady: boolean;
  readonly seed: number;
}

export interface SoakCounts {
  readonly calls: number;
  readonly messages: number;
  /** Calls that failed over a server that went away, as they may: nobody knows whether they ran. */
  readonly lost: number;
  /** The same, and they have run nowhere: they were refused again and again. */
  readonly refused: number;
  /** Numbers of the requests among them that write down where they run. */
  readonly nowhere: readonly number[];
  /** What may never be, one line each. */
  readonly violations: readonly string[];
}

const ca = readFileSync(
  new URL("../../packages/transport-socket/test/certificates/ca.crt", import.meta.url),
  "utf8",
);

let calls = 0;
let messages = 0;
let lost = 0;
let refused = 0;
const nowhere: number[] = [];
const violations: string[] = [];
let isStopping = false;
/** While it is there, no call is begun. */
let paused: { readonly until: Promise<void>; end(): void } | undefined;
let calling = 0;
let lastPlace = process.pid * 1_000_000;
let clients: Client<Faulted>[] = [];
let loads: Promise<void>[] = [];
/** All that were ever made: those that memory does not hold any more are dropped at the next look. */
let made: WeakRef<Client<Faulted>>[] = [];

function transportTo(address: string): Transport {
  if (address.startsWith("ws")) return new WebSocketTransport({ url: address });
  if (address.startsWith("http")) return new ClientTransport({ url: address }) as Transport;
  const tls = address.startsWith("tls:") ? { tls: { ca } } : {};
  return new SocketTransport({ socket: address, ...tls });
}

async function inOrder<Item>(
  items: AsyncIterable<Item>,
  numberOf: (item: Item) => number,
  count: number,
): Promise<void> {
  let last = 0;
  for await (const item of items) {
    const number = numberOf(item);
    if (number !== last + 1) throw new Error(`${number} came after ${last}`);
    last = number;
    messages++;
  }
  if (last !== count) throw new Error(`${last} of ${count} came`);
}

async function echo(client: Client<Faulted>, count: number): Promise<void> {
  const channel = client.channel("echo");
  const writing = (async () => {
    const writer = channel.writable.getWriter();
    writer.closed.catch(() => {});
    for (let n = 1; n <= count; n++) await writer.write(n);
    await writer.close();
  })();
  writing.catch(() => {}); // the call says why
  await inOrder(channel, (n) => n, count);
  const heard = await channel;
  if (heard !== count) throw new Error(`${heard} of ${count} were heard`);
}

/** A request that may run once: it writes down each run. */
async function place(client: Client<Faulted>, number: number): Promise<void> {
  try {
    const runs = await client.request("place", { param: number });
    messages++;
    if (runs !== 1) throw new Error(`place ${number} has run ${runs} times`);
  } catch (error) {
    if (SluiceError.is(error) && error.processed === "no") nowhere.push(number);
    throw error;
  }
}

async function callOnce(client: Client<Faulted>, dice: Dice): Promise<void> {
  const count = 1 + dice.below(80);
  const kind = dice.below(10);
  if (kind < 5) await place(client, ++lastPlace);
  else if (kind < 7) await echo(client, count);
  else if (kind < 9) await inOrder(client.stream("count", { param: count }), ({ n }) => n, count);
  else {
    const stream = client.stream("count", { param: 10_000 });
    for await (const { n } of stream) if (n >= count) break;
    await stream.then(
      () => {},
      (error) => {
        if (error.code !== "CANCELLED") throw error;
      },
    );
  }
}

/** With what has caused it. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `, since ${textOf(error.cause)}`;
  return `${error.name} ${error.message}${cause}`;
}

async function load({ isSteady, seed }: SoakClientPlan, client: Client<Faulted>): Promise<void> {
  const dice = Dice.seeded(seed);
  while (!isStopping) {
    await paused?.until;
    calling++;
    try {
      await callOnce(client, dice);
      calls++;
    } catch (error) {
      // What was cut off in the end of it all is no failure of anybody's.
      if (!SluiceError.is(error) || error.code !== "UNAVAILABLE" || isSteady)
        violations.push(`seed ${seed}, ${new Date().toISOString()}: ${textOf(error)}`);
      else if (error.processed === "no") refused++;
      else lost++;
    }
    calling--;
    await pause(100 + dice.below(400));
  }
}

/** Begins no call any more, and lets those that run end; the connections stay. */
async function rest(): Promise<void> {
  let end: () => void = () => {};
  const until = new Promise<void>((resolve) => {
    end = resolve;
  });
  paused = { until, end };
  while (calling > 0) await pause(100);
}

function goOn(): void {
  paused?.end();
  paused = undefined;
}

function start(plans: readonly SoakClientPlan[]): void {
  isStopping = false;
  clients = plans.map(
    ({ addresses, seed }) =>
      new Client({
        protocol: faulted,
        transport: addresses.map(transportTo),
        codec: seed % 2 === 0 ? jsonCodec : msgpackCodec,
        reconnect: { initial: 50, max: 2_000 },
        logger: silentLogger,
        ...soakTimes,
      }),
  );
  made.push(...clients.map((client) => new WeakRef(client)));
  loads = plans.map((plan, at) => load(plan, clients[at] as Client<Faulted>));
}

async function stop(): Promise<void> {
  isStopping = true;
  goOn();
  await Promise.all(loads);
  await Promise.all(clients.map((client) => client.dispose()));
  loads = [];
  clients = [];
}

process.on(
  "message",
  async (told: "stop" | "rest" | "go on" | "report" | "counts" | { start: readonly SoakClientPlan[] }) => {
    if (typeof told === "object") start(told.start);
    if (told === "stop") await stop();
    if (told === "rest") await rest();
    if (told === "go on") goOn();
    const counts: SoakCounts = { calls, messages, lost, refused, nowhere, violations };
    if (told === "report") {
      const inventory = inventoryNow();
      made = made.filter((one) => one.deref() !== undefined);
      const connections = clients.filter(({ status }) => status === "connected").length;
      process.send?.({ ...inventory, connections, sessions: made.length, openCalls: calling });
    } else process.send?.(counts);
  },
);
process.once("disconnect", () => process.exit(2));
process.send?.("ready");
