/**
 * Two ends with relays between them, whose frames travel when a test says so, and what each end may say of which call.
 *
 * Frames are compared without their ids: each call has a name, by who opened it and as the how-many-eth, that holds at both ends.
 */

import { type Frame, FrameType } from "../../src/frame/frame.ts";
import { resolveLimits } from "../../src/limits.ts";
import { JoinedLinks } from "../../src/relay/joined-links.ts";
import type { FakeClock } from "../../src/testing/fake-clock.ts";
import { type LinkKind, MemoryWire, type WireEnd } from "../session/memory-wire.ts";

export type EndName = "client" | "server";

/** A frame as both ends see it: its call by name, its payload as a copy. */
export type SeenFrame = Readonly<Record<string, unknown>>;

/** A call that both ends know. */
interface SharedCall {
  readonly name: string;
  readonly opener: EndName;
  /** Frames of its callee that have not arrived. */
  answersUnderway: number;
  /** Its caller has confirmed its end: its callee, which had said it, says nothing more. */
  isDone: boolean;
}

class ChainEnd {
  readonly sent: SeenFrame[] = [];
  readonly received: SeenFrame[] = [];
  isClosed = false;
  readonly link: WireEnd;
  readonly #name: EndName;
  readonly #chain: RelayChain;
  /** Calls that may be spoken of, by the ids that this end knows them by. */
  readonly #calls = new Map<number, SharedCall>();
  #lastId: number;
  #opened = 0;
  /** Calls of the other end that have been opened, as this end has heard. */
  #heardOf = 0;

  constructor(name: EndName, link: WireEnd, chain: RelayChain) {
    this.#name = name;
    this.link = link;
    this.#chain = chain;
    this.#lastId = name === "client" ? -1 : 0;
    link.receive({
      frame: (frame) => this.#take(frame),
      malformed: () => {},
      flushing: () => {},
      writable: () => {},
      closed: () => {
        this.isClosed = true;
      },
    });
  }

  /** Sends `frame` under ids that are right: `choice` picks the call, or how many ids an OPEN skips. */
  say(frame: Frame, choice: number): void {
    const said = this.#underRightIds(frame, choice);
    if (said === undefined) return;
    this.sent.push(this.#seen(said));
    this.link.send(said);
    if (said.type === FrameType.DONE) for (const id of said.calls) this.#calls.delete(id);
  }

  #underRightIds(frame: Frame, choice: number): Frame | undefined {
    switch (frame.type) {
      case FrameType.OPEN: {
        this.#lastId += 2 * (1 + (choice % 3));
        this.#opened++;
        const name = `${this.#name} ${this.#opened}`;
        this.#chain.calls.set(name, { name, opener: this.#name, answersUnderway: 0, isDone: false });
        this.#calls.set(this.#lastId, this.#chain.calls.get(name) as SharedCall);
        return { ...frame, call: this.#lastId };
      }
      case FrameType.DONE: {
        // A caller confirms what it has seen the end of: nothing of the callee's is on its way then.
        const own = [...this.#calls].filter(
          ([, { opener, answersUnderway }]) => opener === this.#name && answersUnderway === 0,
        );
        const done = own.filter((_, at) => (choice >> at) % 2 === 1);
        for (const [, call] of done) call.isDone = true;
        return { ...frame, calls: done.map(([id]) => id) };
      }
      case FrameType.HELLO:
      case FrameType.WELCOME:
      case FrameType.PING:
      case FrameType.DRAIN:
      case FrameType.CLOSE:
        return frame;
      default: {
        const open = [...this.#calls].filter(([, { isDone }]) => !isDone);
        const chosen = open[choice % open.length];
        if (chosen === undefined) return undefined;
        const [id, call] = chosen;
        if (call.opener !== this.#name) call.answersUnderway++;
        return frame.type === FrameType.ERROR
          ? { ...frame, circuit: false, call: id }
          : { ...frame, call: id };
      }
    }
  }

  #take(frame: Frame): void {
    if (frame.type === FrameType.OPEN) {
      this.#heardOf++;
      const opener = this.#name === "client" ? "server" : "client";
      this.#calls.set(frame.call, this.#chain.calls.get(`${opener} ${this.#heardOf}`) as SharedCall);
    }
    this.received.push(this.#seen(frame));
    const call = this.#calls.get(frame.call);
    if (call?.opener === this.#name) call.answersUnderway--;
    if (frame.type === FrameType.DONE) for (const id of frame.calls) this.#calls.delete(id);
  }

  #seen(frame: Frame): SeenFrame {
    const nameOf = (id: number): string => this.#calls.get(id)?.name ?? `no call ${id}`;
    const seen: Record<string, unknown> = { ...frame };
    if (frame.call !== 0) seen.call = nameOf(frame.call);
    if ("calls" in frame) seen.calls = frame.calls.map(nameOf);
    if ("payload" in frame) {
      seen.payload = Array.from((frame.payload as Uint8Array).subarray(frame.start, frame.end));
      seen.start = seen.end = 0;
    }
    return seen;
  }
}

export class RelayChain {
  readonly calls = new Map<string, SharedCall>();
  readonly wires: readonly MemoryWire[];
  readonly joined: readonly JoinedLinks[];
  readonly ends: Readonly<Record<EndName, ChainEnd>>;

  /** `relays` of them, one behind the other. The handshake has passed. */
  constructor(kind: LinkKind, relays: number, clock: FakeClock) {
    this.wires = Array.from({ length: relays + 1 }, () => new MemoryWire(kind));
    const limits = resolveLimits();
    this.joined = Array.from({ length: relays }, (_, at) => {
      const [near, far] = [this.wires[at], this.wires[at + 1]] as [MemoryWire, MemoryWire];
      return new JoinedLinks(near.acceptor, far.connector, { limits, clock });
    });
    const [first, last] = [this.wires[0], this.wires[relays]] as [MemoryWire, MemoryWire];
    this.ends = {
      client: new ChainEnd("client", first.connector, this),
      server: new ChainEnd("server", last.acceptor, this),
    };
    this.ends.client.say({ type: FrameType.HELLO, call: 0, hello: { versions: [1] } }, 0);
    this.deliverAll();
    this.ends.server.say({ type: FrameType.WELCOME, call: 0, welcome: { version: 1 } }, 0);
    this.deliverAll();
  }

  /** Hands over up to `most` frames of one wire, one way. */
  deliver(wire: number, direction: "toAcceptor" | "toConnector", most: number): void {
    this.wires[wire % this.wires.length]?.deliver(direction, most);
  }

  /** Hands over everything, until nothing is on its way. */
  deliverAll(): void {
    while (this.wires.some(({ waiting }) => waiting > 0)) {
      for (const wire of this.wires) {
        wire.deliver("toAcceptor");
        wire.deliver("toConnector");
      }
    }
  }
}
