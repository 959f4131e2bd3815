/**
 * A conversation between a client and a server in a world whose time and random numbers are the same each time: recorded, and replayed to either end.
 *
 * Recorded is every chunk of bytes with its time and its way. Replayed to the server, the client's bytes must bring what the server has sent; to a
 * client that makes the same calls, the server's bytes must bring what the client has sent, and what it has seen.
 */
import { Client } from "@sluice/client";
import { decodeRaw, MemoryFaultProxy, rawJoin, StillWorld, type Way } from "@sluice/protocol/testing";
import { ByteLink, type Codec, silentLogger } from "@sluice/protocol/wire";
import { Server } from "@sluice/server";
import { observeCall, type ScriptedCall } from "./call-script.ts";
import { observed, observedHandlers, type Seen } from "./observed-service.ts";

/** What passed at once: at a time from the beginning, ms. */
export interface RecordedChunk {
  readonly at: number;
  readonly way: Way;
  /** Whole frames, in hexadecimal; behind `type call` for people. */
  readonly frames: readonly string[];
}

export interface Recording {
  readonly codec: string;
  readonly chunks: readonly RecordedChunk[];
  /** What each call's caller saw. */
  readonly callers: readonly unknown[];
  /** What each call's handler saw, by the call's number. */
  readonly handlers: Readonly<Record<string, readonly unknown[]>>;
}

/** The calls of the conversation, one after the other; after each, some time passes. None has an end for which both sides race. */
export const recordedCalls: readonly ScriptedCall[] = [
  { procedure: "echo", metadata: {} },
  { procedure: "echo", param: { text: "é😀\u2028", list: [1, -0.5, null, true] }, metadata: { zone: "b" } },
  { procedure: "bytes", param: Uint8Array.from({ length: 300 }, (_, at) => at & 255), metadata: {} },
  { procedure: "echo", param: "a".repeat(6_000), metadata: {} },
  { procedure: "strict", param: { n: 5 }, metadata: {} },
  { procedure: "strict", param: { n: -1 }, metadata: {} },
  { procedure: "strict", param: { n: 13 }, metadata: {} },
  { procedure: "refuse", param: null, metadata: {} },
  { procedure: "refuse", param: { left: 3 }, metadata: {} },
  { procedure: "crash", metadata: {} },
  { procedure: "count", param: 0, metadata: {} },
  { procedure: "count", param: 40, metadata: {} },
  { procedure: "chat", items: [1, 2], take: 2, metadata: {} },
  { procedure: "chat", items: [1, 2], take: 2, isAborted: true, metadata: {} },
  { procedure: "values", param: ["b".repeat(3_000), 1, "c".repeat(3_000)], metadata: {} },
  { procedure: "failing", param: 2, metadata: {} },
  {
    procedure: "upload",
    param: 1,
    items: [new Uint8Array(2_500), new Uint8Array(0), new Uint8Array(7)],
    metadata: {},
  },
  { procedure: "chat", items: [1, "two", { three: 3 }], metadata: {} },
  { procedure: "chat", items: ["one", "enough"], metadata: {} },
  { procedure: "note", param: "noted", metadata: {} },
];

/** So small that messages go in pieces. */
const limits = { window: 2_048, maxWindow: 4_096 };
/** Longer than what is owed may wait (wire.md §4.9). */
const betweenCallsMs = 100;

class World extends StillWorld {
  run = (): Promise<void> => this.clock.advance(0);
}

/** Replaces the platform's random numbers by those that follow from a seed, until `restore()`. */
export class SeededRandom {
  readonly #values = crypto.getRandomValues;
  readonly #uuid = crypto.randomUUID;
  #state = 0;

  constructor() {
    crypto.getRandomValues = <Array extends ArrayBufferView | null>(array: Array): Array => {
      if (array instanceof Uint8Array) for (let at = 0; at < array.length; at++) array[at] = this.#next();
      return array;
    };
    crypto.randomUUID = () => {
      const hex = Array.from({ length: 16 }, () => this.#next().toString(16).padStart(2, "0")).join("");
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}` as const;
    };
  }

  /** What is drawn from now on follows from `seed`. */
  seed(seed: number): void {
    this.#state = seed;
  }

  restore(): void {
    crypto.getRandomValues = this.#values;
    crypto.randomUUID = this.#uuid;
  }

  #next(): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#state >>> 24;
  }
}

/** Both ends draw from numbers of their own, whoever else is there. */
const seeds = { server: 1, client: 2, session: 3 };

function makeServer(world: World, seen: Seen): Server<typeof observed, undefined> {
  return new Server({
    protocol: observed,
    public: true,
    logger: silentLogger,
    clock: world.clock,
    handlers: observedHandlers(seen),
    limits,
  });
}

/** Makes the calls, one after the other; gives what their callers see. */
async function makeCalls(world: World, client: Client<typeof observed>): Promise<unknown[]> {
  const callers: unknown[] = [];
  for (const [number, call] of recordedCalls.entries()) {
    const observing = observeCall(client, number, call);
    await world.advance(betweenCallsMs);
    callers.push(await world.until(observing));
  }
  return callers;
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}

/** The frames of chunks, each `type call hex`. */
function framesOf(chunk: Uint8Array): string[] {
  const { frames, rest } = decodeRaw(chunk);
  if (rest.length > 0) throw new Error("A chunk ends inside a frame");
  let at = 0;
  return frames.map(({ type, call, body }) => {
    const bytes = chunk.subarray(at, at + 9 + body.length);
    at += bytes.length;
    return `${type} ${call} ${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  });
}

/** The bytes of a recorded chunk. */
function chunkOf({ frames }: RecordedChunk): Uint8Array {
  return rawJoin(...frames.map((frame) => bytesOf(frame.split(" ")[2] ?? "")));
}

/** As JSON has it: what is `undefined` is not there. */
function plain<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value;
}

/** Has the conversation, and records it. */
export async function record(codec: Codec, random: SeededRandom): Promise<Recording> {
  const world = new World();
  const seen: Seen = new Map();
  const chunks: RecordedChunk[] = [];
  const beganAt = world.clock.now();
  random.seed(seeds.server);
  const server = makeServer(world, seen);
  const proxy = new MemoryFaultProxy({ clock: world.clock });
  proxy.on("passed", ({ way, chunk }) => {
    chunks.push({ at: world.clock.now() - beganAt, way, frames: framesOf(chunk) });
  });
  server.handle(proxy.server);
  random.seed(seeds.client);
  const client = new Client({
    protocol: observed,
    codec,
    clock: world.clock,
    transport: proxy.client,
    logger: silentLogger,
    limits,
  });
  random.seed(seeds.session);
  await world.until(client.ready);
  const callers = await makeCalls(world, client);
  await world.until(client.dispose());
  await world.until(server.dispose());
  return plain({ codec: codec.name, chunks, callers, handlers: Object.fromEntries(seen) });
}

/** Replays what the client sent to a server of today: gives what that sends, and what its handlers see. */
export async function replayToServer(
  { chunks }: Recording,
  random: SeededRandom,
): Promise<Pick<Recording, "chunks" | "handlers">> {
  const world = new World();
  const seen: Seen = new Map();
  const sent: RecordedChunk[] = [];
  const beganAt = world.clock.now();
  random.seed(seeds.server);
  const server = makeServer(world, seen);
  const proxy = new MemoryFaultProxy({ clock: world.clock });
  random.seed(seeds.session);
  const ends = proxy.connect();
  let onLink: (link: ByteLink) => void = () => {};
  server.handle({
    name: "memory",
    connect: () => Promise.reject(new TypeError("This is the server's end")),
    accept: (take) => {
      onLink = take;
    },
    dispose: async () => {},
  });
  ends.client.start({
    data: (chunk) =>
      void sent.push({ at: world.clock.now() - beganAt, way: "toClient", frames: framesOf(chunk) }),
    drained() {},
    closed() {},
  });
  onLink(new ByteLink(ends.server));
  for (const chunk of chunks) {
    await world.advance(chunk.at - (world.clock.now() - beganAt));
    if (chunk.way === "toServer") ends.client.write([chunkOf(chunk)]);
    await world.run();
  }
  await world.until(server.dispose());
  return plain({ chunks: sent, handlers: Object.fromEntries(seen) });
}

/** Replays what the server sent to a client of today, which makes the calls: gives what that sends, and what its callers see. */
export async function replayToClient(
  { chunks }: Recording,
  codec: Codec,
  random: SeededRandom,
): Promise<Pick<Recording, "chunks" | "callers">> {
  const world = new World();
  const sent: RecordedChunk[] = [];
  const beganAt = world.clock.now();
  const proxy = new MemoryFaultProxy({ clock: world.clock });
  const ends = proxy.connect();
  random.seed(seeds.client);
  const client = new Client({
    protocol: observed,
    codec,
    clock: world.clock,
    transport: { name: "memory", connect: async () => new ByteLink(ends.client), dispose: async () => {} },
    logger: silentLogger,
    limits,
  });
  // The server's chunks come once as many frames have come of the client as had come of it then.
  let heard = 0;
  let next = 0;
  let before = 0;
  const answer = (): void => {
    for (; next < chunks.length; next++) {
      const chunk = chunks[next] as RecordedChunk;
      if (chunk.way === "toServer") before += answeredFrames(chunk);
      else if (before > heard) return;
      else ends.server.write([chunkOf(chunk)]);
    }
  };
  ends.server.start({
    data(chunk) {
      const came: RecordedChunk = {
        at: world.clock.now() - beganAt,
        way: "toServer",
        frames: framesOf(chunk),
      };
      sent.push(came);
      heard += answeredFrames(came);
      answer();
    },
    drained() {},
    closed() {},
  });
  await world.until(client.ready);
  const callers = await makeCalls(world, client);
  await world.until(client.dispose());
  return plain({ chunks: sent, callers });
}

/** Of what rides with other writes it is not known when it comes (wire.md §4.9). */
function answeredFrames({ frames }: RecordedChunk): number {
  return frames.filter((frame) => !isDone(frame)).length;
}

function isDone(frame: string): boolean {
  return frame.startsWith("11 ");
}

/** The frames of chunks by call, in order; those that may ride with any write are last, as a set. */
export function framesByCall(chunks: readonly RecordedChunk[]): Readonly<Record<string, readonly string[]>> {
  const calls: Record<string, string[]> = {};
  for (const frame of chunks.flatMap(({ frames }) => frames)) {
    const key = isDone(frame) ? "done" : `call ${frame.split(" ")[1]}`;
    calls[key] ??= [];
    calls[key].push(frame);
  }
  calls.done?.sort();
  return calls;
}
