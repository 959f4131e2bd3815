/**
 * Sessions over links that break anywhere: whatever is cut, every call gets all that was written, in order, once, and one end.
 *
 * Spec: docs/wire.md §2, §4.7, §4.8, §7.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonCodec } from "../../src/codec/json-codec.ts";
import { msgpackCodec } from "../../src/codec/msgpack-codec.ts";
import type { Inbox } from "../../src/session/inbox.ts";
import { type ResumingOptions, ResumingPair } from "./resuming-pair.ts";
import type { OpenedCall, PlayedCall } from "./session-pair.ts";
import { settle } from "./settle.ts";

/** Lengths of what one call carries: its param, the items of each direction, its result. */
interface Load {
  readonly kind: "request" | "stream" | "channel" | "upload" | "event";
  readonly param: number;
  readonly up: readonly number[];
  readonly down: readonly number[];
  readonly result: number;
  /** Whether the acceptor calls the connector. */
  readonly isReverse: boolean;
}

/** How long a link lives: so many frames arrive, one by one, in the ways that `ways` says; then it breaks. */
interface Life {
  readonly frames: number;
  /** From the lowest bit on: 1 is towards the acceptor. */
  readonly ways: number;
}

const length = fc.oneof(
  { weight: 6, arbitrary: fc.nat(200) },
  { weight: 2, arbitrary: fc.nat(20_000) },
  { weight: 1, arbitrary: fc.nat(300_000) },
);
const load: fc.Arbitrary<Load> = fc.record({
  kind: fc.constantFrom("request", "stream", "channel", "upload", "event"),
  param: length,
  up: fc.array(length, { maxLength: 8 }),
  down: fc.array(length, { maxLength: 8 }),
  result: length,
  isReverse: fc.boolean(),
});
// Without bias: small numbers would be links that live short, and bits that are 0.
const life: fc.Arbitrary<Life> = fc.record({ frames: fc.noBias(fc.nat(60)), ways: fc.noBias(fc.nat()) });

const text = (seed: number, size: number): string =>
  `${seed}:`.padEnd(size, String.fromCharCode(97 + (seed % 26)));

async function readAll(inbox: Inbox | undefined): Promise<unknown[]> {
  const items: unknown[] = [];
  for (;;) {
    const next = await inbox?.next();
    if (next === undefined || next.done) return items;
    items.push(next.value);
  }
}

/** What lets writers write one more: their work is spread over what happens to the link. */
class Beat {
  #waiting: (() => void)[] = [];

  next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  go(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** Writes as a well-behaved writer does: it waits where it is told to. */
async function writeAll(
  write: (value: unknown) => boolean,
  accepted: () => Promise<void>,
  items: readonly unknown[],
  beat: Beat,
): Promise<void> {
  for (const item of items) {
    await beat.next();
    if (!write(item)) await accepted();
  }
  await beat.next();
}

class Running {
  readonly opened: OpenedCall;
  readonly #load: Load;
  readonly #up: string[];
  readonly #down: string[];
  readonly #index: number;
  readonly #beat: Beat;
  readonly received: Promise<unknown[]>;
  handled: PlayedCall[] = [];
  #read: Promise<unknown[]> | undefined;

  constructor(pair: ResumingPair, load: Load, index: number, beat: Beat) {
    this.#load = load;
    this.#beat = beat;
    this.#index = index;
    this.#up = load.up.map((size, at) => text(at, size));
    this.#down = load.down.map((size, at) => text(at + 50, size));
    const side = load.isReverse ? pair.acceptor : pair.connector;
    const { kind } = load;
    this.opened = side.open({ procedure: `call${index}`, kind, param: text(99, load.param) });
    const { call } = this.opened;
    this.received = readAll(call.inbox);
    this.received.catch(() => {});
    if (kind === "channel" || kind === "upload") {
      void writeAll(
        (value) => this.opened.write(value),
        () => (call.outbox as { accepted(): Promise<void> }).accepted(),
        this.#up,
        beat,
      ).then(() => call.closeOutbox());
    }
  }

  /** Plays its handler, when it has come. */
  async play(played: PlayedCall): Promise<void> {
    this.handled.push(played);
    const { kind, result } = this.#load;
    const { call } = played;
    this.#read = readAll(call.inbox);
    if (kind === "stream" || kind === "channel") {
      await writeAll(
        (value) => played.write(value),
        () => call.outbox.accepted(),
        this.#down,
        this.#beat,
      );
    }
    await this.#read;
    await this.#beat.next();
    played.finish(kind === "event" ? undefined : text(7, result));
  }

  async expectDone(): Promise<void> {
    const { kind, param, result } = this.#load;
    const name = `call ${this.#index}, a ${kind}`;
    expect(this.handled.length, `${name}: handlers`).toBe(1);
    expect(this.handled[0]?.param, `${name}: param`).toBe(text(99, param));
    const hasUp = kind === "channel" || kind === "upload";
    expect(await this.#read, `${name}: what was sent`).toEqual(hasUp ? this.#up : []);
    const hasDown = kind === "channel" || kind === "stream";
    expect(await this.received, `${name}: what came`).toEqual(hasDown ? this.#down : []);
    expect(this.opened.end.result, `${name}: result`).toBe(kind === "event" ? undefined : text(7, result));
  }
}

async function play(options: ResumingOptions, loads: readonly Load[], lives: readonly Life[]): Promise<void> {
  const pair = await ResumingPair.make(options);
  const beat = new Beat();
  const calls = loads.map((one, index) => new Running(pair, one, index, beat));
  const played = new Set<PlayedCall>();
  const playNew = (): void => {
    for (const { handlers } of [pair.acceptor, pair.connector]) {
      for (const call of handlers.calls) {
        if (played.has(call)) continue;
        played.add(call);
        void calls[Number(call.open.procedure.slice(4))]?.play(call);
      }
    }
  };
  for (const { frames, ways } of lives) {
    for (let frame = 0; frame < frames; frame++) {
      if (frame % 3 === 2) beat.go();
      pair.wire.deliver((ways >>> (frame % 31)) & 1 ? "toAcceptor" : "toConnector", 1);
      await settle();
      playNew();
    }
    pair.cut();
    await settle();
    void pair.mend();
  }
  for (let round = 0; round < 500 && calls.some(({ opened }) => !opened.end.isOver); round++) {
    await pair.run();
    playNew();
    beat.go();
    await settle();
  }
  for (const call of calls) await call.expectDone();
  await pair.expectIdle();
}

describe.each<[string, ResumingOptions]>([
  ["binary, json", { kind: "binary", codec: jsonCodec }],
  ["binary, msgpack", { kind: "binary", codec: msgpackCodec }],
  ["structured", { kind: "structured" }],
])("sessions over links that break, %s", (_name, options) => {
  it("SE-2 X17 INV-PREFIX INV-NODUP INV-ONE hold over cuts anywhere, also of the handshake", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(load, { minLength: 1, maxLength: 6 }),
        fc.array(life, { maxLength: 12 }),
        (loads, lives) => play(options, loads, lives),
      ),
      { numRuns: 150 },
    );
  }, 60_000);
});
