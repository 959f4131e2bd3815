/** What the auditors of a network's links know together: the calls of all sessions, over all links of each. */
import type { SessionAttempts, SessionClaim } from "./impostor.ts";

/** A message in pieces, by its offsets. */
interface CutMessage {
  readonly type: number;
  readonly start: number;
  readonly end: number;
}

/** One direction of a call, over all links. */
export class Direction {
  /** No byte at or beyond it may come. */
  limit: number;
  /** A CREDIT has passed. */
  isGranted = false;
  /** Up to here bytes have passed on some link; what the receiver says it has is never more. */
  passed = 0;
  /** What was cut, and where it ends. */
  readonly cut: CutMessage[] = [];
  readonly #bytes = new Map<string, string>();

  constructor(limit: number) {
    this.limit = limit;
  }

  /** The message of `type` that is being continued at `offset`; one that was broken off is followed by another type. */
  unfinishedAt(offset: number, type: number): CutMessage | undefined {
    return this.cut.find((one) => one.type === type && one.start < offset && offset < one.end);
  }

  /** Whether what has passed ends inside a message. */
  get isInMessage(): boolean {
    return this.cut.some(({ start, end }) => start < this.passed && this.passed < end);
  }

  /** Remembers what passed at `offset`. Returns whether it is what passed there before, as far as both reach. */
  remember(type: number, offset: number, bytes: Uint8Array): boolean {
    const name = `${type} ${offset}`;
    const content = String.fromCharCode(...bytes.subarray(0, 64));
    const known = this.#bytes.get(name);
    this.#bytes.set(name, content);
    return known === undefined || known.startsWith(content) || content.startsWith(known);
  }
}

export interface AuditedCall {
  /** Which of the model's calls it is, as its param says. */
  readonly number: number;
  readonly up: Direction;
  readonly down: Direction;
  /** Its end as it passed first: over another link it may only come again. */
  end: string | undefined;
}

/** What is known of the calls of all sessions. */
export class SessionAudit {
  readonly faults: string[] = [];
  /** The newest HELLO. */
  hello: Record<string, unknown> | undefined;
  readonly #attempts = new Map<string, SessionAttempts>();
  /** Frames judged. */
  frames = 0;
  /** Calls whose end has passed, and ends that have passed again over another link. */
  ends = 0;
  repeatedEnds = 0;
  /** Where the results of the model's calls stood, by their numbers: there all items had gone. */
  readonly results = new Map<number, number>();
  readonly #calls = new Map<string, AuditedCall>();
  readonly #newest = new Map<number, AuditedCall>();

  /** Those of session `id`. */
  attempts(id: string): SessionAttempts {
    const known = this.#attempts.get(id) ?? { made: 0, found: 0 };
    this.#attempts.set(id, known);
    return known;
  }

  /** The model's call `number`, as it was opened last. */
  newest(number: number): AuditedCall | undefined {
    return this.#newest.get(number);
  }

  /** An attempt to find a session was made, or has found it. */
  tried({ id, attempt }: SessionClaim, what: keyof SessionAttempts): void {
    const attempts = this.attempts(id);
    attempts[what] = Math.max(attempts[what], attempt);
  }

  call(session: string, key: string, make: () => AuditedCall): { call: AuditedCall; isKnown: boolean } {
    const name = `${session} ${key}`;
    const known = this.#calls.get(name);
    if (known !== undefined) return { call: known, isKnown: true };
    const call = make();
    this.#calls.set(name, call);
    this.#newest.set(call.number, call);
    return { call, isKnown: false };
  }
}

/** The number that a model's call has in its param, of which `bytes` are the first. */
export function numberOf(bytes: Uint8Array): number {
  return Number.parseInt(String.fromCharCode(...bytes.subarray(0, 16)).replace('"', ""), 10);
}
