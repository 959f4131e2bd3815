/**
 * The calls that the peer opens: admission by limits, and the handlers that run.
 *
 * Spec: docs/wire.md §4.3, §4.7, §4.14, §4.15.
 */
import { SluiceError } from "../errors/sluice-error.ts";
import type { OpenFrame } from "../frame/frame.ts";
import type { CallAcceptor, CallPlan } from "./call-acceptor.ts";
import type { CallHost } from "./call-host.ts";
import type { CallTable } from "./call-table.ts";
import { type ErrorParts, errorParts, refusalParts } from "./error-parts.ts";
import type { HandlerSlot, HandlerSlots } from "./handler-slot.ts";
import { IncomingCall } from "./incoming-call.ts";
import type { MakePeerCalls, PeerCalls } from "./peer-calls.ts";
import { mostOwed, Refusals } from "./refusals.ts";
import { ReplayWindow } from "./replay-window.ts";

interface Refusal {
  readonly parts: ErrorParts;
  /** Whether the caller could have known. */
  readonly isAbuse: boolean;
}

export class IncomingCalls implements PeerCalls, HandlerSlots {
  /** Calls that were taken, since the session was made. */
  opened = 0;
  readonly #host: CallHost;
  readonly #table: CallTable<{ readonly id: number }>;
  readonly #acceptor: CallAcceptor;
  /** The peer's epoch: the origin that its calls must have. */
  readonly #originHigh: number;
  readonly #originLow: number;
  /** Handlers that have not settled. */
  #running = 0;
  /** Those of them whose calls are over. */
  readonly #outliving = new Set<HandlerSlot>();
  readonly #refusals: Refusals;
  readonly #numbers = new ReplayWindow();
  /** Calls whose link was lost and whose caller has not opened them again, by their numbers. */
  readonly #detached = new Map<number, IncomingCall>();
  #isRefusing = false;
  readonly #onIdle: () => void;

  constructor(
    host: CallHost,
    table: CallTable<{ readonly id: number }>,
    acceptor: CallAcceptor,
    peerEpoch: string,
    onIdle: () => void,
  ) {
    this.#host = host;
    this.#table = table;
    this.#acceptor = acceptor;
    this.#refusals = new Refusals(host);
    this.#originHigh = Number.parseInt(peerEpoch.slice(0, 8), 16);
    this.#originLow = Number.parseInt(peerEpoch.slice(8), 16);
    this.#onIdle = onIdle;
  }

  /** Handlers that have not settled. */
  get running(): number {
    return this.#running;
  }

  /** Calls whose link was lost and that wait for their caller. */
  get detached(): number {
    return this.#detached.size;
  }

  get detachedCalls(): Iterable<IncomingCall> {
    return this.#detached.values();
  }

  /** From now on calls are refused: this side drains. */
  refuse(): void {
    this.#isRefusing = true;
  }

  /** Whether call `id` was refused when its caller may have sent more of it already. */
  wasRefused(id: number): boolean {
    return this.#refusals.has(id);
  }

  /** The link of `calls` was lost. */
  detach(calls: readonly IncomingCall[]): void {
    this.#refusals.clear();
    for (const call of calls) {
      call.detach();
      this.#detached.set(call.number, call);
    }
  }

  /** The caller has opened again all that it still wants. */
  onRest(): void {
    for (const call of this.#detached.values()) call.onDone();
    this.#detached.clear();
  }

  /** Nobody comes back for those that wait. */
  lost(error: SluiceError, cause: "disconnected" | "shutdown"): void {
    for (const call of this.#detached.values()) call.lost(error, cause);
    this.#detached.clear();
  }

  /** Nothing of `call` is needed any more. */
  over(call: IncomingCall): void {
    if (call.id === 0) this.#detached.delete(call.number);
  }

  /** The caller of `id` has seen its end. */
  onDone(id: number): void {
    this.#refusals.delete(id);
  }

  /** The handlers that have not settled, also those whose calls are over. */
  get handlers(): readonly HandlerSlot[] {
    const handlers = new Set(this.#outliving);
    for (const call of this.#detached.values()) if (!call.slot.isFree) handlers.add(call.slot);
    for (const call of this.#table.all()) {
      if (call instanceof IncomingCall && !call.slot.isFree) handlers.add(call.slot);
    }
    return [...handlers];
  }

  outlives(handler: HandlerSlot): void {
    this.#outliving.add(handler);
  }

  freed(handler: HandlerSlot): void {
    this.#outliving.delete(handler);
    this.#running--;
    if (this.#running === 0) this.#onIdle();
  }

  /** An OPEN arrived. @throws {SluiceError} for what ends the session */
  onOpen(open: OpenFrame, add: (call: IncomingCall) => void): void {
    this.#table.admit(open.call);
    if (this.#resume(open)) return;
    const refusal = this.#judge(open);
    if (refusal !== undefined) {
      this.#refuse(open, refusal);
      return;
    }
    let plan: CallPlan;
    try {
      plan = this.#acceptor.accept(open);
    } catch (reason) {
      // A peer that is known and may not call that is no danger; one that nobody knows, or that guesses names, may be.
      const isAbuse = !(SluiceError.is(reason) && reason.code === "PERMISSION_DENIED");
      this.#refuse(open, { parts: refusalParts(reason), isAbuse });
      return;
    }
    this.#numbers.use(open.key.number);
    this.opened++;
    const call = new IncomingCall(this.#host, open, plan, this);
    this.#running++;
    add(call);
    call.begin(open);
  }

  /** Finds the call of `open`, if it was opened over a former link. Returns whether it did. */
  #resume(open: OpenFrame): boolean {
    const { number } = open.key;
    const call = this.#detached.get(number);
    if (call === undefined || !this.#isOfPeer(open)) return false;
    this.#detached.delete(number);
    call.resume(open);
    return true;
  }

  #isOfPeer({ key: { originHigh, originLow }, routed }: OpenFrame): boolean {
    return originHigh === this.#originHigh && originLow === this.#originLow && !routed;
  }

  #judge(open: OpenFrame): Refusal | undefined {
    const { maxCalls, maxConcurrentHandlers, maxName } = this.#host.limits;
    if (this.#isRefusing) return refusal("UNAVAILABLE", "the peer is draining", { isAbuse: false });
    const { number } = open.key;
    if (!this.#isOfPeer(open)) {
      return refusal("PERMISSION_DENIED", "its key is not its sender's");
    }
    if (open.resume !== undefined || this.#numbers.isUsed(number)) {
      return refusal("UNAVAILABLE", `number ${number} is over`, { processed: "maybe" });
    }
    if (this.#host.utf8.byteLength(open.procedure) > maxName) {
      return refusal("INVALID_ARGUMENT", `its name has more than ${maxName} bytes (limits.maxName)`);
    }
    const most = Math.min(maxCalls, maxConcurrentHandlers);
    if (this.#running >= most || this.#table.peerCalls + this.detached >= maxCalls + mostOwed) {
      // A call may end before its handler settles: its caller cannot know that the slot is held.
      const isAbuse = this.#running < most || this.#unended >= most;
      return refusal("RESOURCE_EXHAUSTED", `${most} of ${most} are running`, { isAbuse });
    }
    // Ends that their callers do not confirm would pile up here.
    if (this.#host.sending.budget.isFull) {
      return refusal("RESOURCE_EXHAUSTED", "too much waits to be received", { isAbuse: false });
    }
    return undefined;
  }

  /** Running handlers whose calls have not ended for their callers. */
  get #unended(): number {
    let count = 0;
    for (const call of this.#table.all()) {
      if (call instanceof IncomingCall && call.state !== "ended" && call.state !== "over") count++;
    }
    return count;
  }

  #refuse({ call }: OpenFrame, { parts, isAbuse }: Refusal): void {
    this.#refusals.add(call, parts, isAbuse);
  }
}

/** Takes the calls that `acceptor` accepts. */
export function takeCalls(acceptor: CallAcceptor): MakePeerCalls {
  return (host, table, peerEpoch, onIdle) => new IncomingCalls(host, table, acceptor, peerEpoch, onIdle);
}

function refusal(
  code: string,
  why: string,
  { processed = "no", isAbuse = true }: { processed?: "no" | "maybe"; isAbuse?: boolean } = {},
): Refusal {
  const { message, retryable } = new SluiceError(code, `Cannot take the call: ${why}`);
  return { parts: errorParts(code, message, { processed, retryable }), isAbuse };
}
