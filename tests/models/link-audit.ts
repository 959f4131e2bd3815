/**
 * Judges the bytes of a link by docs/wire.md alone, link after link of a session: offsets, limits, pieces, ends, acknowledgements,
 * and that what comes again is what came before. It shares the frame decoder with what it judges, and nothing else.
 */
import type { Way } from "@sluice/protocol/testing";
import { type Frame, FrameDecoder, FrameType, standardUtf8 } from "@sluice/protocol/wire";
import type { SessionClaim } from "./impostor.ts";
import { type AuditedCall, Direction, numberOf, type SessionAudit } from "./session-audit.ts";

const overhead = 64;
const minPiece = 1_024;

type CreditFrame = Extract<Frame, { readonly type: typeof FrameType.CREDIT }>;

interface LinkedCall {
  readonly id: number;
  readonly way: Way;
  readonly call: AuditedCall;
  /** Where the next byte may stand: any of these until one came. */
  readonly next: Record<Way, Set<number>>;
  readonly hasBegun: Record<Way, boolean>;
  /** END was said; a RESULT or ERROR may follow, and nothing follows that. */
  readonly said: Record<Way, "more" | "end" | "all">;
}

const opposite = (way: Way): Way => (way === "toServer" ? "toClient" : "toServer");

/** One link, between two ends or an end and a relay. */
export class LinkAudit {
  readonly #session: SessionAudit;
  readonly #name: string;
  readonly #decoders: Record<Way, FrameDecoder>;
  readonly #floor: Record<Way, number> = { toServer: 0, toClient: 0 };
  readonly #calls = new Map<number, LinkedCall>();
  readonly #highest: Record<Way, number> = { toServer: 0, toClient: 0 };
  #id = "";
  #isWelcome = false;
  /** Of its HELLO. */
  #claim: SessionClaim | undefined;

  constructor(session: SessionAudit, name: string) {
    this.#session = session;
    this.#name = name;
    this.#decoders = { toServer: new FrameDecoder(standardUtf8), toClient: new FrameDecoder(standardUtf8) };
  }

  passed(way: Way, chunk: Uint8Array): void {
    try {
      this.#decoders[way].push(chunk.slice(), (frame) => this.#judge(way, frame));
    } catch (reason) {
      this.#fault(`bytes ${way} are no frames: ${String(reason)}`);
    }
  }

  #fault(what: string): void {
    this.#session.faults.push(`${this.#name}: ${what}`);
  }

  #judge(way: Way, frame: Frame): void {
    this.#session.frames++;
    switch (frame.type) {
      case FrameType.HELLO:
        this.#session.hello = frame.hello as Record<string, unknown>;
        this.#hello(frame.hello as { floor: number; session?: Partial<SessionClaim> });
        break;
      case FrameType.WELCOME: {
        const { floor, session } = frame.welcome as { floor: number; session?: { id: string } };
        this.#floor.toClient = floor;
        this.#isWelcome = true;
        this.#id = session?.id ?? this.#name;
        if (this.#claim?.id === this.#id) this.#session.tried(this.#claim, "found");
        break;
      }
      case FrameType.CLOSE:
      case FrameType.DRAIN:
      case FrameType.PING:
      case FrameType.DONE:
      case FrameType.ACCEPT:
        break;
      default:
        if (!this.#isWelcome) this.#fault(`frame type ${frame.type} before WELCOME`);
        this.#ofCall(way, frame);
    }
  }

  #hello({ floor, session }: { floor: number; session?: Partial<SessionClaim> }): void {
    this.#floor.toServer = floor;
    if (session?.id === undefined) return;
    this.#claim = session as SessionClaim;
    this.#session.tried(this.#claim, "made");
  }

  #ofCall(way: Way, frame: Exclude<Frame, { readonly call: 0 }>): void {
    if (frame.type === FrameType.OPEN) {
      this.#open(way, frame);
      return;
    }
    const linked = this.#calls.get(frame.call);
    if (linked === undefined) {
      this.#fault(`frame type ${frame.type} for call ${frame.call}, which is not open`);
      return;
    }
    const flow = linked.way === way ? linked.call.up : linked.call.down;
    switch (frame.type) {
      case FrameType.DATA:
      case FrameType.RESULT:
        this.#data(way, linked, flow, frame);
        break;
      case FrameType.END:
      case FrameType.ERROR:
        this.#stands(way, linked, frame.offset, frame.type === FrameType.END ? "END" : "ERROR");
        linked.said[way] = frame.type === FrameType.END ? "end" : "all";
        // What was refused before a handler ran has not ended: it may be taken later.
        if (frame.type === FrameType.ERROR && frame.body.processed !== "no") {
          this.#ends(linked, `ERROR ${frame.body.code} at ${frame.offset}`);
        }
        break;
      case FrameType.CREDIT: {
        const granted = linked.way === way ? linked.call.down : linked.call.up;
        this.#step(way, frame, granted);
        if (frame.received > granted.passed) {
          this.#fault(
            `call ${frame.call}: CREDIT for ${frame.received} bytes, ${granted.passed} have passed`,
          );
        }
        granted.limit = Math.max(granted.limit, frame.limit);
        granted.isGranted = true;
        // Only before the first byte on this link: it says from where on the sender goes on.
        if (!linked.hasBegun[opposite(way)]) linked.next[opposite(way)].add(frame.received);
        break;
      }
    }
  }

  #open(way: Way, frame: Extract<Frame, { readonly type: typeof FrameType.OPEN }>): void {
    const { originHigh, originLow, number } = frame.key;
    const floor = this.#floor[opposite(way)];
    const sent = overhead + frame.end - frame.start;
    const { call, isKnown } = this.#session.call(this.#id, `${originHigh}.${originLow}.${number}`, () => ({
      number: numberOf((frame.payload as Uint8Array).subarray(frame.start, frame.end)),
      up: new Direction(frame.more ? floor : sent + floor),
      down: new Direction(frame.window),
      end: undefined,
    }));
    if (frame.call <= this.#highest[way])
      this.#fault(`OPEN of call ${frame.call} after ${this.#highest[way]}`);
    this.#highest[way] = frame.call;
    if (frame.resume === undefined) {
      call.up.passed = Math.max(call.up.passed, sent);
      if (frame.more && !isKnown) {
        call.up.cut.push({ type: FrameType.DATA, start: 0, end: overhead + frame.total });
      }
    } else {
      if (!isKnown) this.#fault(`call ${frame.call} is found again, and was never opened`);
      if (frame.resume.received > call.down.passed) {
        this.#fault(
          `call ${frame.call} resumes at ${frame.resume.received}, ${call.down.passed} have passed`,
        );
      }
      call.down.limit = Math.max(call.down.limit, frame.resume.limit);
    }
    const up = new Set(frame.resume === undefined ? [sent] : []);
    const next = { [way]: up, [opposite(way)]: new Set([frame.resume?.received ?? 0]) } as LinkedCall["next"];
    const hasBegun = { toServer: false, toClient: false };
    const said: LinkedCall["said"] = { toServer: "more", toClient: "more" };
    this.#calls.set(frame.call, { id: frame.call, way, call, next, hasBegun, said });
  }

  #data(
    way: Way,
    linked: LinkedCall,
    flow: Direction,
    frame: Extract<Frame, { readonly type: typeof FrameType.DATA | typeof FrameType.RESULT }>,
  ): void {
    const { offset, start, end, payload } = frame;
    const name = frame.type === FrameType.DATA ? "DATA" : "RESULT";
    this.#stands(way, linked, offset, name);
    const unfinished = frame.head ? undefined : flow.unfinishedAt(offset, frame.type);
    const until = offset + (unfinished === undefined ? overhead : 0) + end - start;
    const beyond =
      frame.type === FrameType.RESULT ? (unfinished?.start ?? offset) + this.#floor[opposite(way)] : 0;
    if (until > Math.max(flow.limit, beyond)) {
      this.#fault(`call ${linked.id}: ${name} reaches ${until}, the limit is ${flow.limit}`);
    }
    if (frame.more && until - offset < minPiece)
      this.#fault(`call ${linked.id}: a piece of ${until - offset}`);
    if (frame.head) flow.cut.push({ type: frame.type, start: offset, end: offset + overhead + frame.total });
    if (unfinished !== undefined && (frame.more ? until >= unfinished.end : until !== unfinished.end)) {
      this.#fault(`call ${linked.id}: a piece ends at ${until}, its message at ${unfinished.end}`);
    }
    if (!flow.remember(frame.type, offset, (payload as Uint8Array).subarray(start, end))) {
      this.#fault(`call ${linked.id}: other bytes at ${offset} than before`);
    }
    flow.passed = Math.max(flow.passed, until);
    linked.hasBegun[way] = true;
    linked.next[way].clear();
    linked.next[way].add(until);
    if (frame.type !== FrameType.RESULT || frame.more) return;
    linked.said[way] = "all";
    this.#session.results.set(linked.call.number, unfinished?.start ?? offset);
    this.#ends(linked, `RESULT up to ${until}`);
  }

  /** A limit is raised by half a window at least, unless little is left to its sender, or a message needs more. */
  #step(way: Way, { call, received, limit }: CreditFrame, granted: Direction): void {
    const step = limit - granted.limit;
    const isNeeded = granted.limit - received < minPiece || granted.isInMessage;
    if (granted.isGranted && step > 0 && !isNeeded && 2 * step < this.#floor[way]) {
      this.#fault(`call ${call}: CREDIT raises the limit by ${step} to ${limit}`);
    }
  }

  /** A call has one end, however often it is said. */
  #ends({ id, call }: LinkedCall, end: string): void {
    if (call.end === undefined) this.#session.ends++;
    else if (call.end === end) this.#session.repeatedEnds++;
    else this.#fault(`call ${id}: a second end, ${end} after ${call.end}`);
    call.end ??= end;
  }

  /** Whether a frame may stand at `offset`: where the one before it ended, or where the receiver has asked to go on. */
  #stands(way: Way, linked: LinkedCall, offset: number, name: string): void {
    const isFinal = name === "RESULT" || name === "ERROR";
    if (linked.said[way] === "all" || (linked.said[way] === "end" && !isFinal)) {
      this.#fault(`call ${linked.id}: ${name} behind the end of its direction`);
    }
    if (linked.next[way].has(offset)) return;
    this.#fault(`call ${linked.id}: ${name} at ${offset}, next is ${[...linked.next[way]].join(" or ")}`);
  }
}
