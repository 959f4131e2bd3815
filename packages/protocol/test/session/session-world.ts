/**
 * Two sessions with many calls both ways, played step by step, and what must be true of them after every step and at the end.
 *
 * What was written is remembered; what is read is compared with it. The wire itself is judged by the pair's auditor.
 */
import { expect } from "vitest";
import type { SluiceError } from "../../src/errors/sluice-error.ts";
import type { LimitOptions } from "../../src/limits.ts";
import type { Inbox } from "../../src/session/inbox.ts";
import type { Outbox } from "../../src/session/outbox.ts";
import { check, same } from "../../src/testing/suite/expect.ts";
import type { LinkKind } from "./memory-wire.ts";
import {
  type OpenedCall,
  type OpenOptions,
  type PlayedCall,
  type SessionPair,
  type SessionSide,
  sessionPair,
} from "./session-pair.ts";
import { settle } from "./settle.ts";

export type SideName = "connector" | "acceptor";

/** Small, so that everything runs into its bound. */
const limits: LimitOptions = {
  limits: {
    maxBuffered: 64 * 1024,
    maxMessage: 16 * 1024,
    window: 4096,
    maxWindow: 8192,
    maxCalls: 8,
    maxConcurrentHandlers: 3,
    maxQueue: 4,
    abuseRate: { events: 100_000, perMs: 1000 },
  },
};

interface Item {
  readonly at: number;
  readonly text: string;
}

const itemOf = (at: number, length: number): Item => ({ at, text: "x".repeat(length) });

/** One direction of a call: a writer that waits when it is told to, and a reader that takes one item at a time. */
export class WorldFlow {
  /** Lengths of the items that were accepted. */
  readonly written: number[] = [];
  read = 0;
  isReading = false;
  isWaiting = false;
  isClosed = false;
  /** How the reader ended: `end`, or the code of an error. */
  readerEnd: string | undefined;

  /** Writes one more item of `length` characters. */
  write(length: number, write: (item: Item) => boolean, outbox: () => Outbox): void {
    const mayGoOn = write(itemOf(this.written.length, length));
    this.written.push(length);
    if (mayGoOn) return;
    this.isWaiting = true;
    const goOn = (): void => {
      this.isWaiting = false;
    };
    outbox()
      .accepted()
      .then(goOn, () => {
        goOn();
        this.isClosed = true;
      });
  }

  /** Asks for the next item, and compares it when it comes. */
  take(inbox: Inbox): void {
    this.isReading = true;
    inbox.next().then(
      ({ done, value }) => {
        this.isReading = false;
        if (done === true) this.readerEnd = "end";
        else this.#compare(value as Item);
      },
      (error: SluiceError) => {
        this.isReading = false;
        this.readerEnd = error.code;
      },
    );
  }

  /** What is wrong with what was read; collected, since nobody would hear of it from a promise. */
  readonly faults: string[] = [];

  #compare({ at, text }: Item): void {
    if (at !== this.read || text.length !== this.written[at]) {
      this.faults.push(`item ${at} of ${text.length}, ${this.read} of ${this.written[this.read]} is next`);
    }
    this.read++;
  }
}

/** A call, as both of its users see it. */
export class WorldCall {
  readonly side: SideName;
  readonly name: string;
  readonly kind: NonNullable<OpenOptions["kind"]>;
  readonly paramLength: number;
  readonly opened: OpenedCall;
  readonly up = new WorldFlow();
  readonly down = new WorldFlow();
  /** Something other than its handler's end may have ended it, or broken an item off. */
  isDisturbed = false;

  constructor(side: SideName, name: string, options: OpenOptions, paramLength: number, opened: OpenedCall) {
    this.side = side;
    this.name = name;
    this.kind = options.kind ?? "request";
    this.paramLength = paramLength;
    this.opened = opened;
  }

  get isOver(): boolean {
    return this.opened.end.isOver;
  }
}

export class World {
  readonly pair: SessionPair;
  readonly calls: WorldCall[] = [];
  isClosed = false;

  constructor(pair: SessionPair) {
    this.pair = pair;
  }

  side(name: SideName): SessionSide {
    return this.pair[name];
  }

  /** The handler of `call`, if it has been started. */
  played(call: WorldCall): PlayedCall | undefined {
    const { handlers } = this.side(call.side === "connector" ? "acceptor" : "connector");
    return handlers.calls.find(({ open }) => open.procedure === call.name);
  }

  /** Opens a call. The session may refuse: its queue is full, or it drains. */
  open(side: SideName, kind: WorldCall["kind"], paramLength: number, timeoutMs: number): void {
    const name = `call ${this.calls.length}`;
    const options = { procedure: name, kind, param: "p".repeat(paramLength), timeoutMs };
    let opened: OpenedCall;
    try {
      opened = this.side(side).open(options);
    } catch (reason) {
      expect(["RESOURCE_EXHAUSTED", "UNAVAILABLE"]).toContain((reason as SluiceError).code);
      return;
    }
    const call = new WorldCall(side, name, options, paramLength, opened);
    if (timeoutMs > 0) call.isDisturbed = true;
    this.calls.push(call);
  }

  /** What must be true at any time. */
  async check(): Promise<void> {
    await settle();
    this.pair.auditor.check();
    for (const call of this.calls) {
      const { name, up, down, opened, paramLength } = call;
      check(opened.end.ends.length <= 1, `${name} ends once: ${opened.end.ends.length}`);
      for (const { faults, read, written } of [up, down]) {
        check(faults.length === 0, `${name} has no faults: ${faults}`);
        check(read <= written.length, `${name} brings what was written: ${read} of ${written.length}`);
      }
      const played = this.played(call);
      if (played !== undefined) same(played.param, "p".repeat(paramLength), `the param of ${name}`);
    }
    for (const name of ["connector", "acceptor"] as const) this.#checkMemory(name);
  }

  #checkMemory(name: SideName): void {
    const { session, lendable, handlers } = this.side(name);
    const { maxBuffered, maxConcurrentHandlers } = session.limits;
    if (session.state.name === "closed") {
      // Never for a rule that one side says the other has broken.
      expect(this.isClosed).toBe(true);
      expect(["CANCELLED", "UNAVAILABLE"]).toContain(session.state.error.code);
    }
    const inboxes = [
      ...this.calls
        .filter(({ side, opened }) => side === name && opened.call.state !== "queued")
        .map(({ opened }) => opened.call.inbox),
      ...handlers.calls.map(({ call }) => call.inbox),
    ];
    for (const inbox of inboxes) if (inbox?.isOpen === true && !inbox.isDropping) checkWindow(inbox);
    const buffered = inboxes.reduce((sum, inbox) => sum + (inbox?.bufferedBytes ?? 0), 0);
    const { budget, keptBytes, runningHandlers } = session;
    check(buffered <= maxBuffered, `${name}: ${buffered} bytes wait for readers, of at most ${maxBuffered}`);
    const isLendable = budget.lendable >= 0 && budget.lendable <= lendable;
    check(isLendable, `${name}: ${budget.lendable} bytes of ${lendable} can be lent`);
    check(keptBytes >= 0, `${name} keeps ${keptBytes} bytes`);
    check(runningHandlers <= maxConcurrentHandlers, `${name}: ${runningHandlers} handlers run`);
    const names = handlers.calls.map(({ open }) => open.procedure);
    check(new Set(names).size === names.length, `${name}: handlers run once: ${names}`);
  }

  /** Lets everything end: readers read on, handlers return. Then nothing may be left. */
  async finish(): Promise<void> {
    for (let round = 0; round < 100; round++) {
      for (const call of this.calls) this.#finishCall(call);
      await this.pair.advance(200);
      await this.check();
      if (this.calls.every((call) => this.#isFinished(call))) break;
    }
    await this.pair.run();
    for (const call of this.calls) this.#checkEnd(call);
    if (this.isClosed) await this.pair.expectOver();
    else await this.pair.expectIdle();
  }

  #isFinished(call: WorldCall): boolean {
    const hasReadAll = call.opened.call.inbox === undefined || call.down.readerEnd !== undefined;
    return call.isOver && hasReadAll && this.played(call)?.hasSettled !== false;
  }

  #finishCall(call: WorldCall): void {
    const { inbox } = call.opened.call;
    if (inbox !== undefined && !call.down.isReading && call.down.readerEnd === undefined)
      call.down.take(inbox);
    const played = this.played(call);
    if (played === undefined || played.hasSettled) return;
    const { inbox: items } = played.call;
    if (items !== undefined && !call.up.isReading && call.up.readerEnd === undefined) call.up.take(items);
    // A handler that still waits to write goes on first.
    if (!call.down.isWaiting) played.finish(call.name);
  }

  #checkEnd({ name, opened, down, isDisturbed }: WorldCall): void {
    const { ends, code } = opened.end;
    expect(ends.length, `${name}: ends`).toBe(1);
    if (code === "OK") expect(opened.end.result).toBe(name);
    if (isDisturbed || this.isClosed || code !== "OK") return;
    // Nothing came between: all that the handler wrote was read.
    if (opened.call.inbox !== undefined) {
      expect([down.readerEnd, down.read], name).toEqual(["end", down.written.length]);
    }
  }
}

/** What may still arrive and what waits for the reader fit the window, unless a message larger than it has its reservation. */
function checkWindow({ window, bufferedBytes }: Inbox): void {
  if (window.holdsReservation) return;
  const { limit, taken, size } = window;
  check(limit - taken <= size, `${limit - taken} bytes are granted and not taken, of a window of ${size}`);
  check(bufferedBytes <= size, `${bufferedBytes} bytes wait in a window of ${size}`);
}

export async function makeWorld(kind: LinkKind): Promise<World> {
  return new World(await sessionPair({ kind, limits, roomBytes: 8 * 1024 }));
}
