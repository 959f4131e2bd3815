/**
 * Two ends of a link in one process that deliver a frame when a test says so: binary (real bytes) or structured (cloned objects).
 *
 * Binary chunks are overwritten after their delivery, so whoever keeps a view of one is found out.
 */
import type { SluiceError } from "../../src/errors/sluice-error.ts";
import { FrameDecoder } from "../../src/frame/decode-frames.ts";
import { FrameWriter } from "../../src/frame/encode-frame.ts";
import type { Frame } from "../../src/frame/frame.ts";
import { standardUtf8 } from "../../src/frame/utf8.ts";
import { messageOverhead } from "../../src/limits.ts";
import type { Link, LinkReceiver } from "../../src/link/link.ts";
import { settle } from "./settle.ts";

export type LinkKind = Link["kind"];

/** Which way a frame goes. */
export type Direction = "toAcceptor" | "toConnector";

/** Sees every frame when it is handed over and when it arrives. */
export interface WireObserver {
  sent?(direction: Direction, frame: Frame): void;
  delivered?(direction: Direction, frame: Frame): void;
}

interface Packet {
  readonly frame: Frame;
  /** Absent on structured links. */
  readonly bytes: Uint8Array | undefined;
  readonly cost: number;
}

export class WireEnd implements Link {
  readonly kind: LinkKind;
  readonly info = { transport: "test" };
  readonly utf8 = standardUtf8;
  /** Payload bytes, with 64 per frame, that may be on their way. */
  roomBytes: number;
  /** Frames that have come, if the link is one that is watched. */
  inbound: number | undefined;
  /** As a byte link has it; a test says it, since whole frames arrive here. */
  unfinished = 0;
  state: "open" | "closing" | "closed" = "open";
  readonly #direction: Direction;
  readonly #observers: WireObserver[];
  readonly #decoder = new FrameDecoder(standardUtf8);
  #receiver: LinkReceiver | undefined;
  #peer!: WireEnd;
  /** Handed over in this turn; then on their way. `"end"`: the link ends behind the frames before it. */
  #turn: Packet[] = [];
  #travelling: (Packet | "end")[] = [];
  #queuedBytes = 0;
  #isWaitedFor = false;

  constructor(kind: LinkKind, direction: Direction, observers: WireObserver[], roomBytes: number) {
    this.kind = kind;
    this.#direction = direction;
    this.#observers = observers;
    this.roomBytes = roomBytes;
  }

  join(peer: WireEnd): void {
    this.#peer = peer;
  }

  get room(): number {
    if (this.state !== "open") return 0;
    const room = this.roomBytes - this.#queuedBytes;
    if (room <= 0) this.#isWaitedFor = true;
    return room;
  }

  /** Frames that have not arrived. */
  get waiting(): number {
    return this.#turn.length + this.#travelling.length;
  }

  receive(receiver: LinkReceiver): void {
    this.#receiver = receiver;
  }

  send(frame: Frame): number {
    if (this.state !== "open") return 0;
    const packet = this.kind === "binary" ? encode(frame) : clone(frame);
    this.#turn.push(packet);
    this.#queuedBytes += packet.cost;
    for (const observer of this.#observers) observer.sent?.(this.#direction, packet.frame);
    return payloadBytes(packet.frame, this.kind);
  }

  close(): void {
    if (this.state !== "open") return;
    this.state = "closing";
    this.#travelling.push(...this.#turn, "end");
    this.#turn = [];
  }

  destroy(error?: SluiceError): void {
    if (this.state === "closed") return;
    this.#turn = [];
    this.#travelling = ["end"];
    this.ended(error);
  }

  /** This end is over, without a word to the other. */
  ended(error?: SluiceError): void {
    if (this.state === "closed") return;
    this.state = "closed";
    this.#receiver?.closed(error);
  }

  /** Drops what is on its way. */
  lose(): void {
    this.#turn = [];
    this.#travelling = [];
  }

  /** Ends the turn: what was handed over is on its way now. */
  flush(): void {
    if (this.#turn.length === 0) return;
    if (this.state === "open") this.#receiver?.flushing();
    this.#travelling.push(...this.#turn);
    this.#turn = [];
  }

  /** Hands up to `most` frames over to the other end. Returns how many it was. */
  deliver(most: number): number {
    this.flush();
    let count = 0;
    while (count < most) {
      const packet = this.#travelling.shift();
      if (packet === undefined) break;
      count++;
      if (packet === "end") {
        this.#peer.ended();
        this.ended();
        break;
      }
      this.#queuedBytes -= packet.cost;
      this.#peer.#arrive(packet);
    }
    if (count > 0 && this.#isWaitedFor && this.room > 0) {
      this.#isWaitedFor = false;
      this.#receiver?.writable();
    }
    return count;
  }

  #arrive({ frame, bytes }: Packet): void {
    if (this.state === "closed" || this.#receiver === undefined) return;
    for (const observer of this.#observers) observer.delivered?.(opposite(this.#direction), frame);
    if (this.inbound !== undefined) {
      this.inbound++;
      this.#receiver.arrived?.();
    }
    if (bytes === undefined) this.#receiver.frame(frame);
    else {
      const receiver = this.#receiver;
      this.#decoder.push(bytes, (decoded) => receiver.frame(decoded));
      bytes.fill(0xee);
    }
  }
}

export class MemoryWire {
  readonly kind: LinkKind;
  readonly connector: WireEnd;
  readonly acceptor: WireEnd;
  readonly observers: WireObserver[] = [];

  constructor(kind: LinkKind = "binary", roomBytes: number = 64 * 1024) {
    this.kind = kind;
    this.connector = new WireEnd(kind, "toAcceptor", this.observers, roomBytes);
    this.acceptor = new WireEnd(kind, "toConnector", this.observers, roomBytes);
    this.connector.join(this.acceptor);
    this.acceptor.join(this.connector);
  }

  /** Frames that have not arrived, of both directions. */
  get waiting(): number {
    return this.connector.waiting + this.acceptor.waiting;
  }

  /** Delivers up to `most` frames one way. */
  deliver(direction: Direction, most: number = Number.POSITIVE_INFINITY): number {
    return (direction === "toAcceptor" ? this.connector : this.acceptor).deliver(most);
  }

  /** Delivers everything, and what comes of it, until both ends and all promises rest. */
  async run(): Promise<void> {
    await settle();
    while (this.waiting > 0) {
      this.deliver("toAcceptor");
      this.deliver("toConnector");
      await settle();
    }
  }

  /** The carrier breaks: both ends learn it, what was on its way is lost. */
  cut(): void {
    this.connector.lose();
    this.acceptor.lose();
    this.connector.ended();
    this.acceptor.ended();
  }
}

export function opposite(direction: Direction): Direction {
  return direction === "toAcceptor" ? "toConnector" : "toAcceptor";
}

/** Payload bytes of a frame as offsets count them. */
export function payloadBytes(frame: Frame, kind: LinkKind): number {
  if (!("total" in frame)) return 0;
  if (kind === "binary") return frame.end - frame.start;
  return frame.more ? 0 : frame.total;
}

function encode(frame: Frame): Packet {
  const writer = new FrameWriter(standardUtf8);
  writer.write(frame);
  const chunks = writer.take();
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  // The log's own copy, decoded from bytes of its own.
  let decoded: Frame | undefined;
  new FrameDecoder(standardUtf8).push(bytes.slice(), (one) => {
    decoded = one;
  });
  if (decoded === undefined) throw new Error(`A frame of type ${frame.type} did not encode to one frame`);
  return { frame: decoded, bytes, cost: payloadBytes(decoded, "binary") + messageOverhead };
}

function clone(frame: Frame): Packet {
  const copy = structuredClone(frame);
  return { frame: copy, bytes: undefined, cost: payloadBytes(copy, "structured") + messageOverhead };
}
