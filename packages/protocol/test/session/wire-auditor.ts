/**
 * Watches a wire and judges every frame by docs/wire.md alone: ids, offsets, limits, pieces, ends. It knows no code of the sessions.
 *
 * What it finds is collected; {@link WireAuditor.check} throws with all of it.
 */
import type { CreditFrame, DataFrame, ErrorFrame, Frame, OpenFrame } from "../../src/frame/frame.ts";
import { FrameType } from "../../src/frame/frame.ts";
import { type Direction, type LinkKind, opposite, payloadBytes, type WireObserver } from "./memory-wire.ts";

const overhead = 64;
const minPiece = 1024;
const grantAhead = 16 * 1024 * 1024;

/** One direction of a call. */
export interface Flow {
  /** Offset up to which bytes were handed to the link, and up to which they arrived. */
  sent: number;
  arrived: number;
  /** The limit as the sender knows it, and as the receiver last said it. */
  known: number;
  granted: number;
  /** The highest `received` that the sender was told. */
  acknowledged: number;
  /** The message that is cut: where it started and ends. */
  unfinished: { start: number; end: number; type: number; raw: boolean } | undefined;
  hasEnd: boolean;
}

export interface AuditedCall {
  readonly id: number;
  /** The direction of its OPEN. */
  readonly way: Direction;
  readonly open: OpenFrame;
  readonly toCallee: Flow;
  readonly toCaller: Flow;
  stop: "no" | "sent" | "delivered";
  abort: "no" | "sent" | "delivered";
  /** RESULT (its last piece) or ERROR. */
  final: "none" | "sent" | "delivered";
  finalType: number;
  /** DATA frames of each direction. */
  dataFrames: number;
}

interface Said {
  readonly floor: number;
  readonly window: number;
}

export class WireAuditor implements WireObserver {
  readonly calls: AuditedCall[] = [];
  readonly frames: { readonly direction: Direction; readonly frame: Frame }[] = [];
  readonly #kind: LinkKind;
  readonly #byId = new Map<number, AuditedCall>();
  readonly #faults: string[] = [];
  readonly #ends = new WeakMap<Frame, number>();
  /** What the peer that sends in this direction said in HELLO or WELCOME. */
  readonly #said = new Map<Direction, Said>();
  readonly #lastId = new Map<Direction, number>();

  constructor(kind: LinkKind) {
    this.#kind = kind;
  }

  /** @throws {Error} with everything that broke a rule so far */
  check(): void {
    if (this.#faults.length > 0) throw new Error(`The wire's rules were broken:\n${this.#faults.join("\n")}`);
  }

  call(id: number): AuditedCall {
    const call = this.#byId.get(id);
    if (call === undefined) throw new Error(`No OPEN of call ${id} was sent`);
    return call;
  }

  /** Frames of `type` that were sent one way. */
  ofType<Type extends FrameType>(
    direction: Direction,
    type: Type,
  ): Extract<Frame, { readonly type: Type }>[] {
    return this.frames
      .filter((sent) => sent.direction === direction && sent.frame.type === type)
      .map((sent) => sent.frame as Extract<Frame, { readonly type: Type }>);
  }

  sent(direction: Direction, frame: Frame): void {
    this.frames.push({ direction, frame });
    switch (frame.type) {
      case FrameType.HELLO:
        this.#said.set(direction, frame.hello as Said);
        break;
      case FrameType.WELCOME:
        this.#said.set(direction, frame.welcome as Said);
        break;
      case FrameType.OPEN:
        this.#open(direction, frame);
        break;
      case FrameType.DATA:
      case FrameType.RESULT:
        this.#data(direction, frame);
        break;
      case FrameType.CREDIT:
        this.#credit(direction, frame);
        break;
      case FrameType.END: {
        const { call, flow } = this.#flow(direction, frame.call, "END");
        if (flow === undefined || call === undefined) break;
        if (flow.hasEnd) this.#fault(`call ${frame.call}: a second END`);
        flow.hasEnd = true;
        this.#endsAt(call, flow, frame.offset, "END");
        break;
      }
      case FrameType.ERROR:
        this.#error(direction, frame);
        break;
      case FrameType.CANCEL: {
        const call = this.#byId.get(frame.call);
        if (call === undefined || call.way !== direction)
          this.#fault(`CANCEL of call ${frame.call} not by its caller`);
        else if (frame.abort) call.abort = "sent";
        else call.stop = "sent";
        break;
      }
      case FrameType.DONE:
        for (const id of frame.calls) {
          const call = this.#byId.get(id);
          if (call === undefined || call.way !== direction)
            this.#fault(`DONE of call ${id} not by its caller`);
          else if (call.final !== "delivered") this.#fault(`DONE of call ${id} before its end arrived`);
        }
        break;
    }
  }

  delivered(direction: Direction, frame: Frame): void {
    if (!("call" in frame) || frame.call === 0) return;
    const call = this.#byId.get(frame.call);
    if (call === undefined) return;
    const flow = direction === call.way ? call.toCallee : call.toCaller;
    switch (frame.type) {
      case FrameType.OPEN:
        flow.arrived = overhead + payloadBytes(frame, this.#kind);
        break;
      case FrameType.DATA:
      case FrameType.RESULT:
        flow.arrived = this.#ends.get(frame) ?? flow.arrived;
        if (frame.type === FrameType.RESULT && !frame.more) call.final = "delivered";
        break;
      case FrameType.ERROR:
        call.final = "delivered";
        break;
      case FrameType.CREDIT: {
        const granted = direction === call.way ? call.toCaller : call.toCallee;
        granted.known = Math.max(granted.known, frame.limit);
        granted.acknowledged = Math.max(granted.acknowledged, frame.received);
        break;
      }
      case FrameType.CANCEL:
        if (frame.abort) call.abort = "delivered";
        else call.stop = "delivered";
        break;
    }
  }

  #open(way: Direction, open: OpenFrame): void {
    const { call: id } = open;
    const last = this.#lastId.get(way) ?? 0;
    if (id <= last || id % 2 !== (way === "toAcceptor" ? 1 : 0))
      this.#fault(`OPEN of call ${id} after ${last}`);
    this.#lastId.set(way, id);
    const { floor, window } = this.#said.get(opposite(way)) as Said;
    const bytes = payloadBytes(open, this.#kind);
    const sent = overhead + bytes;
    if (!open.more && sent > window)
      this.#fault(`call ${id}: a param of ${sent} in its OPEN, ${window} are allowed`);
    if (open.more && sent > floor)
      this.#fault(`call ${id}: a param starts with ${sent}, the floor is ${floor}`);
    if (open.more && this.#kind === "binary" && sent < minPiece)
      this.#fault(`call ${id}: a first piece of ${sent}`);
    const toCallee = newFlow(open.more ? floor : sent + floor);
    toCallee.sent = sent;
    if (open.more)
      toCallee.unfinished = { start: 0, end: overhead + open.total, type: FrameType.DATA, raw: open.raw };
    if (open.halfClosed && !open.more) toCallee.hasEnd = true;
    const call: AuditedCall = {
      id,
      way,
      open,
      toCallee,
      toCaller: newFlow(open.window),
      stop: "no",
      abort: "no",
      final: "none",
      finalType: 0,
      dataFrames: 0,
    };
    this.calls.push(call);
    this.#byId.set(id, call);
  }

  #data(direction: Direction, frame: DataFrame): void {
    const name = frame.type === FrameType.DATA ? "DATA" : "RESULT";
    const { call, flow } = this.#flow(direction, frame.call, name);
    if (flow === undefined || call === undefined) return;
    const at = `call ${frame.call}: ${name} at ${frame.offset}`;
    if (frame.type === FrameType.DATA) call.dataFrames++;
    else if (direction === call.way) this.#fault(`${at} from the caller`);
    if (frame.type === FrameType.DATA && flow.hasEnd) this.#fault(`${at} after END`);
    if (frame.offset !== flow.sent) this.#fault(`${at}, ${flow.sent} is next`);
    const end = this.#endOf(frame, flow);
    const isContinued = flow.unfinished !== undefined && frame.type === flow.unfinished.type;
    if (flow.unfinished !== undefined && !isContinued) this.#breakOff(call, flow, name);
    const start = flow.unfinished?.start ?? frame.offset;
    const floor = this.#said.get(opposite(direction))?.floor ?? 0;
    const limit = frame.type === FrameType.RESULT ? Math.max(flow.known, start + floor) : flow.known;
    if (end > limit) this.#fault(`${at} reaches ${end}, the limit is ${limit}`);
    if (this.#kind === "binary" && frame.more && end - frame.offset < minPiece)
      this.#fault(`${at}: a piece of ${end - frame.offset}`);
    if (flow.unfinished !== undefined) {
      if (frame.head) this.#fault(`${at}: a head inside a message`);
      if (frame.raw !== flow.unfinished.raw) this.#fault(`${at}: raw differs between pieces`);
      if (frame.more ? end >= flow.unfinished.end : end !== flow.unfinished.end)
        this.#fault(`${at} ends at ${end}, its message at ${flow.unfinished.end}`);
      if (!frame.more) flow.unfinished = undefined;
    } else if (frame.more) {
      if (!frame.head) this.#fault(`${at}: a first piece without head`);
      flow.unfinished = { start, end: start + overhead + frame.total, type: frame.type, raw: frame.raw };
    }
    flow.sent = end;
    if (frame.type === FrameType.RESULT && !frame.more) this.#final(call, frame.type);
  }

  #error(direction: Direction, frame: ErrorFrame): void {
    const { call, flow } = this.#flow(direction, frame.call, "ERROR");
    if (flow === undefined || call === undefined) return;
    if (direction === call.way) this.#fault(`call ${frame.call}: ERROR from the caller`);
    if (frame.offset !== flow.sent)
      this.#fault(`call ${frame.call}: ERROR at ${frame.offset}, ${flow.sent} were sent`);
    flow.unfinished = undefined;
    this.#final(call, frame.type);
  }

  #final(call: AuditedCall, type: number): void {
    call.final = "sent";
    call.finalType = type;
  }

  #credit(direction: Direction, { call: id, received, limit }: CreditFrame): void {
    const call = this.#byId.get(id);
    if (call === undefined) {
      this.#fault(`CREDIT for call ${id}, which was never opened`);
      return;
    }
    const flow = direction === call.way ? call.toCaller : call.toCallee;
    if (received !== flow.arrived)
      this.#fault(`call ${id}: CREDIT says ${received}, ${flow.arrived} have arrived`);
    if (limit < flow.granted) this.#fault(`call ${id}: the limit goes back from ${flow.granted} to ${limit}`);
    if (limit - received > grantAhead)
      this.#fault(`call ${id}: the limit lies ${limit - received} beyond received`);
    flow.granted = limit;
  }

  #endsAt(call: AuditedCall, flow: Flow, offset: number, name: string): void {
    if (flow.unfinished !== undefined) this.#breakOff(call, flow, name);
    if (offset !== flow.sent) this.#fault(`call ${call.id}: ${name} at ${offset}, ${flow.sent} were sent`);
  }

  #breakOff(call: AuditedCall, flow: Flow, name: string): void {
    if (call.stop !== "delivered" && call.abort !== "delivered") {
      this.#fault(`call ${call.id}: ${name} breaks a message off, and nobody has said stop`);
    }
    flow.unfinished = undefined;
  }

  #flow(direction: Direction, id: number, name: string): { call?: AuditedCall; flow?: Flow } {
    const call = this.#byId.get(id);
    if (call === undefined) {
      this.#fault(`${name} for call ${id}, which was never opened`);
      return {};
    }
    const flow = direction === call.way ? call.toCallee : call.toCaller;
    if (direction === call.way ? call.abort !== "no" : call.final !== "none") {
      this.#fault(`call ${id}: ${name} after its sender's last word`);
    }
    return { call, flow };
  }

  /** Where a frame ends, in offset bytes; judged when it is sent, with what its flow has unfinished then. */
  #endOf(frame: DataFrame, flow: Flow): number {
    const isRest = flow.unfinished !== undefined && flow.unfinished.type === frame.type && !frame.head;
    const end = frame.offset + (isRest ? 0 : overhead) + payloadBytes(frame, this.#kind);
    this.#ends.set(frame, end);
    return end;
  }

  #fault(what: string): void {
    this.#faults.push(what);
  }
}

function newFlow(limit: number): Flow {
  return {
    sent: 0,
    arrived: 0,
    known: limit,
    granted: limit,
    acknowledged: 0,
    unfinished: undefined,
    hasEnd: false,
  };
}
