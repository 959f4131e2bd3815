/**
 * The smallest transport that passes the suite, and its mutants, each with one fault that the suite must find.
 */
import type { SluiceError } from "../../src/errors/sluice-error.ts";
import type { Frame } from "../../src/frame/frame.ts";
import { standardUtf8 } from "../../src/frame/utf8.ts";
import type { Link, LinkReceiver } from "../../src/link/link.ts";
import type { TransportSetup } from "../../src/testing/suite/rig.ts";

/** What a mutant does wrong. */
export const toyFaults = [
  "sends a frame twice",
  "loses a frame",
  "swaps two frames",
  "loses what waits when it closes",
  "loses what comes before its first receiver",
  "says twice that it is closed",
  "never says that it is closed",
  "never says that there is room again",
  "has no bound",
  "hands frames over after its end",
  "takes frames after its end",
  "throws after its end",
  "keeps its first receiver",
  "never asks for last frames",
  "asks for last frames for ever",
] as const;
export type ToyFault = (typeof toyFaults)[number];

const roomFrames = 64;

class ToyLink implements Link {
  readonly kind = "structured";
  readonly info = { transport: "toy" };
  readonly utf8 = standardUtf8;
  peer!: ToyLink;
  readonly #fault: ToyFault | undefined;
  #receiver: LinkReceiver | undefined;
  #state: "open" | "closing" | "closed" = "open";
  #waiting: Frame[] = [];
  /** What came before the first receiver was there, and whether the end did. */
  #early: Frame[] = [];
  #earlyEnd: { readonly error: SluiceError | undefined } | undefined;
  #hasBegun = false;
  #isFlushDue = false;
  #isWaitedFor = false;
  #handedOver = 0;

  constructor(fault: ToyFault | undefined) {
    this.#fault = fault;
  }

  get room(): number {
    if (this.#fault === "has no bound" && this.#state === "open") return 1;
    const room = this.#state === "open" ? roomFrames - this.#waiting.length : 0;
    if (room <= 0) this.#isWaitedFor = true;
    return room;
  }

  receive(receiver: LinkReceiver): void {
    if (this.#fault === "keeps its first receiver" && this.#receiver !== undefined) return;
    this.#receiver = receiver;
    if (!this.#hasBegun) setImmediate(() => this.#begin());
  }

  send(frame: Frame): number {
    if (this.#state !== "open") {
      if (this.#fault === "throws after its end") throw new Error("the link has ended");
      if (this.#fault !== "takes frames after its end") return 0;
    }
    this.#waiting.push(frame);
    this.#flushSoon();
    return "total" in frame && !frame.more
      ? frame.total
      : this.#fault === "takes frames after its end"
        ? 1
        : 0;
  }

  close(): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    if (this.#fault === "loses what waits when it closes") this.#waiting = [];
    this.#flushSoon();
  }

  destroy(error?: SluiceError): void {
    if (this.#state === "closed") return;
    if (this.#fault === "hands frames over after its end") {
      const late = this.#waiting;
      setImmediate(() => setImmediate(() => this.peer.take(late)));
    }
    this.#waiting = [];
    this.#early = [];
    this.end(error);
    setImmediate(() => this.peer.end(undefined));
  }

  end(error: SluiceError | undefined): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    if (this.#hasBegun) this.#sayClosed(error);
    else this.#earlyEnd = { error };
  }

  take(frames: readonly Frame[]): void {
    for (const frame of this.#spoilt(frames)) {
      if (this.#state === "closed" && this.#fault !== "hands frames over after its end") return;
      if (this.#hasBegun) this.#receiver?.frame(frame);
      else if (this.#fault !== "loses what comes before its first receiver") this.#early.push(frame);
    }
  }

  /** Hands over what came before the first receiver was there. */
  #begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    for (const frame of this.#early.splice(0)) this.#receiver?.frame(frame);
    if (this.#earlyEnd !== undefined) this.#sayClosed(this.#earlyEnd.error);
  }

  #sayClosed(error: SluiceError | undefined): void {
    if (this.#fault === "never says that it is closed") return;
    this.#receiver?.closed(error);
    if (this.#fault === "says twice that it is closed") this.#receiver?.closed(error);
  }

  #flushSoon(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    if (this.#state === "open" && this.#fault !== "never asks for last frames") this.#receiver?.flushing();
    this.#isFlushDue = this.#fault === "asks for last frames for ever";
    if (this.#isFlushDue && this.#state === "open") setImmediate(() => this.#flush());
    const frames = this.#waiting;
    this.#waiting = [];
    this.peer.take(frames);
    if (this.#state === "closing") {
      this.end(undefined);
      this.peer.end(undefined);
    } else if (this.#isWaitedFor && this.#fault !== "never says that there is room again") {
      this.#isWaitedFor = false;
      this.#receiver?.writable();
    }
  }

  /** The frames as a mutant hands them over. */
  #spoilt(frames: readonly Frame[]): readonly Frame[] {
    const before = this.#handedOver;
    this.#handedOver += frames.length;
    const at = 500 - before;
    if (at < 0 || at + 1 >= frames.length) return frames;
    const [one, other] = [frames[at] as Frame, frames[at + 1] as Frame];
    if (this.#fault === "sends a frame twice") return [...frames.slice(0, at), one, ...frames.slice(at)];
    if (this.#fault === "loses a frame") return [...frames.slice(0, at), ...frames.slice(at + 1)];
    if (this.#fault === "swaps two frames")
      return [...frames.slice(0, at), other, one, ...frames.slice(at + 2)];
    return frames;
  }
}

/** A setup of the suite over toy links. */
export function toySetup(fault?: ToyFault): TransportSetup {
  let onLink: (link: Link) => void = () => {};
  return {
    accept(listener) {
      onLink = listener;
    },
    async connect() {
      const near = new ToyLink(fault);
      const far = new ToyLink(fault);
      near.peer = far;
      far.peer = near;
      onLink(far);
      return near;
    },
    cleanup() {},
  };
}
