/** A byte carrier in the hands of a test: it decides when a turn ends, what arrives, whether there is room, and when it is over. */
import type { SluiceError } from "../../src/errors/sluice-error.ts";
import { FrameDecoder } from "../../src/frame/decode-frames.ts";
import { FrameWriter } from "../../src/frame/encode-frame.ts";
import type { Frame } from "../../src/frame/frame.ts";
import { standardUtf8 } from "../../src/frame/utf8.ts";
import type { ByteDuplex, ByteDuplexEvents } from "../../src/link/byte-link.ts";
import type { LinkReceiver } from "../../src/link/link.ts";
import { joined } from "../frame/recut.ts";
import { comparable } from "../frame/wire-vectors.ts";

export class FakeByteDuplex implements ByteDuplex {
  readonly info = { transport: "fake", remote: "memory:test" };
  readonly utf8 = standardUtf8;
  /** What was asked of it, in order. */
  readonly calls: string[] = [];
  /** The bytes of every write. */
  readonly writes: Uint8Array[] = [];
  /** Whether writes say that more may follow. */
  hasRoom = true;
  /** Whether `destroy()` says at once that it is over, as some carriers do. */
  closesAtOnce = false;
  #events: ByteDuplexEvents | undefined;
  #due: (() => void)[] = [];

  defer(flush: () => void): void {
    this.#due.push(flush);
  }

  start(events: ByteDuplexEvents): void {
    this.calls.push("start");
    this.#events = events;
  }

  write(chunks: readonly Uint8Array[]): boolean {
    this.calls.push("write");
    this.writes.push(joined(chunks));
    return this.hasRoom;
  }

  end(): void {
    this.calls.push("end");
  }

  destroy(): void {
    this.calls.push("destroy");
    if (this.closesAtOnce) this.#events?.closed(undefined);
  }

  /** Ends the current turn: runs what was deferred in it. Returns how many that were. */
  endTurn(): number {
    const due = this.#due;
    this.#due = [];
    for (const flush of due) flush();
    return due.length;
  }

  get events(): ByteDuplexEvents {
    if (this.#events === undefined) throw new Error("Nobody reads");
    return this.#events;
  }

  /** Lets `frames` arrive in one chunk. */
  deliver(...frames: Frame[]): void {
    this.events.data(encode(...frames));
  }

  /** The frames of every write. */
  get written(): object[][] {
    return this.writes.map((bytes) => {
      const frames: object[] = [];
      new FrameDecoder(standardUtf8).push(bytes, (frame) => frames.push(comparable(frame)));
      return frames;
    });
  }
}

export function encode(...frames: Frame[]): Uint8Array {
  const writer = new FrameWriter(standardUtf8);
  for (const frame of frames) writer.write(frame);
  return joined(writer.take());
}

/** A receiver that notes down what it is told, and does what a test wants on top. */
export class NotingReceiver implements LinkReceiver {
  readonly notes: unknown[] = [];
  onFrame: (frame: Frame) => void = () => {};
  onMalformed: () => void = () => {};
  onFlushing: () => void = () => {};
  onWritable: () => void = () => {};
  onClosed: () => void = () => {};

  frame(frame: Frame): void {
    this.notes.push(comparable(frame));
    this.onFrame(frame);
  }

  malformed(error: SluiceError): void {
    this.notes.push(["malformed", error.code]);
    this.onMalformed();
  }

  flushing(): void {
    this.notes.push("flushing");
    this.onFlushing();
  }

  writable(): void {
    this.notes.push("writable");
    this.onWritable();
  }

  closed(error: SluiceError | undefined): void {
    this.notes.push(["closed", error?.code]);
    this.onClosed();
  }
}
