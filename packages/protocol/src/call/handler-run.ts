/**
 * A handler that runs, and what becomes of its call when it ends.
 *
 * Spec: docs/wire.md §4.4, §6.
 */
import type { IncomingCall } from "../session/incoming-call.ts";
import type { CompiledProcedure } from "./compiled-protocol.ts";
import type { HandlerEnd } from "./generator-pump.ts";
import { type ConnectionScope, type GivesUp, HandlerScope } from "./handler-scope.ts";
import type { ServedCall } from "./served-call.ts";
import { HandlerFault } from "./wire-error.ts";

/** Whoever runs handlers. */
export interface RunOwner {
  /** Ends a call by what its handler has thrown, or has given its items up with. */
  fail(incoming: IncomingCall, procedure: CompiledProcedure, reason: unknown): void;
  /** The handler of a call has settled. */
  settled(incoming: IncomingCall, call: ServedCall, error: unknown): void;
}

export class HandlerRun implements HandlerEnd, GivesUp {
  /** What the handler is given. */
  readonly scope: HandlerScope;
  readonly #owner: RunOwner;
  readonly #incoming: IncomingCall;
  readonly #procedure: CompiledProcedure;
  readonly #call: ServedCall;
  /** An event ends when its handler has it; what becomes of it there is the handler's own affair. */
  #isEventToEnd: boolean;

  constructor(
    owner: RunOwner,
    incoming: IncomingCall,
    procedure: CompiledProcedure,
    param: unknown,
    call: ServedCall,
    shared: ConnectionScope,
  ) {
    this.#owner = owner;
    this.#incoming = incoming;
    this.#procedure = procedure;
    this.#call = call;
    this.#isEventToEnd = procedure.kind === "event";
    this.scope = new HandlerScope(incoming, procedure, param, call, shared, this);
  }

  /** The handler was called. */
  started(): void {
    if (!this.#isEventToEnd) return;
    this.#isEventToEnd = false;
    this.#incoming.resolve(this.#procedure.result.encode(undefined));
  }

  finish(result: unknown): void {
    this.started();
    const procedure = this.#procedure;
    let fault: unknown;
    if (procedure.kind !== "event") {
      try {
        this.#incoming.resolve(procedure.result.encode(result));
      } catch (cause) {
        fault = new HandlerFault(`The handler of ${procedure.name} returned a result that cannot be sent`, {
          cause,
        });
        this.giveUp(fault);
      }
    }
    this.#settle(fault);
  }

  fail(reason: unknown): void {
    this.started();
    this.giveUp(reason);
    this.#settle(reason);
  }

  giveUp(reason: unknown): void {
    this.#owner.fail(this.#incoming, this.#procedure, reason);
  }

  #settle(error: unknown): void {
    this.scope.finish();
    this.#owner.settled(this.#incoming, this.#call, error);
  }
}
