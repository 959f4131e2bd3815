/**
 * Serves the calls that a peer opens: finds the handler, asks whether the peer may, runs it, sends what comes of it.
 *
 * Servers have one per connection; so has a client that serves calls. Spec: docs/wire.md §4.3, §6.
 */
import type { Slot } from "../codec/slot.ts";
import type { ProcedureKind } from "../definition/kinds.ts";
import { SluiceError } from "../errors/sluice-error.ts";
import type { OpenFrame } from "../frame/frame.ts";
import type { CallAcceptor, CallPlan } from "../session/call-acceptor.ts";
import { refusalParts } from "../session/error-parts.ts";
import type { IncomingCall } from "../session/incoming-call.ts";
import type { Session } from "../session/session.ts";
import type { CompiledProcedure } from "./compiled-protocol.ts";
import { HandlerRun, type RunOwner } from "./handler-run.ts";
import type { ConnectionScope } from "./handler-scope.ts";
import { readMetadata } from "./metadata.ts";
import { type AnyHandler, endWith, runHandler } from "./run-handler.ts";
import type { ServedCall } from "./served-call.ts";
import { logFault, toWireError } from "./wire-error.ts";

/** A procedure that is served. */
export interface ServedProcedure {
  readonly procedure: CompiledProcedure;
  readonly handler: AnyHandler;
}

/**
 * Runs around a handler. `next()` runs it and gives its result. What the function returns becomes the result; what it throws
 * is handled as if the handler had thrown it.
 */
export type HandlerMiddleware = (call: ServedCall, next: () => Promise<unknown>) => Promise<unknown>;

/** Refuses a call by its param, now or (by rejecting) before its handler runs. @throws {SluiceError} */
export type ParamGuard = (param: unknown) => void | Promise<void>;

export interface DispatcherOptions {
  readonly session: Session;
  readonly scope: ConnectionScope;
  /** What is served under `name`. */
  find(name: string): ServedProcedure | undefined;
  /** Refuses a peer before it learns which procedures there are. @throws {SluiceError} */
  admit(): void;
  /**
   * Refuses a call before its param is looked at. Returns what else judges it, once the param is there.
   * @throws {SluiceError}
   */
  guard(call: ServedCall): ParamGuard | undefined;
  readonly middleware: readonly HandlerMiddleware[];
  started?(call: ServedCall): void;
  ended?(call: ServedCall, error: unknown): void;
}

export class Dispatcher implements CallAcceptor, RunOwner {
  readonly #options: DispatcherOptions;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  accept(open: OpenFrame): CallPlan {
    const { session, scope } = this.#options;
    this.#options.admit();
    const served = this.#options.find(open.procedure);
    if (served === undefined) {
      throw new SluiceError("UNIMPLEMENTED", `There is no procedure ${clip(open.procedure)}`, {
        processed: "no",
      });
    }
    const { procedure } = served;
    const kind = procedure.kind as ProcedureKind;
    if ((kind === "event") !== open.event) {
      throw new SluiceError("UNIMPLEMENTED", `Cannot call ${procedure.name} like that: it is a ${kind}`, {
        processed: "no",
      });
    }
    const said = readMetadata(open.metadata, session.limits.maxMetadata, session.utf8);
    const call = {
      procedure: procedure.name,
      kind,
      metadata: said.metadata,
      identity: scope.identity,
      connection: scope.connection,
      cursor: undefined as unknown,
    };
    const guard = this.#options.guard(call);
    if (said.cursor !== undefined) call.cursor = procedure.cursor?.read(said.cursor);
    return new PlannedCall(this, served, call, guard);
  }

  /** The param of a call is there. */
  begin({ served, call, guard }: PlannedCall, incoming: IncomingCall, param: unknown): void {
    if (guard === undefined) this.#run(incoming, param, served, call);
    else this.#judge(guard, incoming, param, served, call);
  }

  #judge(
    guard: ParamGuard,
    incoming: IncomingCall,
    param: unknown,
    served: ServedProcedure,
    call: ServedCall,
  ): void {
    let guarded: void | Promise<void>;
    try {
      guarded = guard(param);
    } catch (reason) {
      this.#refuse(incoming, call, reason);
      return;
    }
    if (guarded === undefined) this.#run(incoming, param, served, call);
    else {
      guarded.then(
        () => this.#run(incoming, param, served, call),
        (reason) => this.#refuse(incoming, call, reason),
      );
    }
  }

  #refuse(incoming: IncomingCall, { procedure }: ServedCall, reason: unknown): void {
    let error = reason;
    if (!SluiceError.is(reason)) {
      logFault(this.#options.scope.log, `The guard of ${procedure} failed`, { error: reason });
      error = new SluiceError("PERMISSION_DENIED", "Access was denied");
    }
    incoming.reject(refusalParts(error));
    incoming.slot.free();
  }

  #run(incoming: IncomingCall, param: unknown, served: ServedProcedure, call: ServedCall): void {
    const { procedure, handler } = served;
    const { middleware, scope: shared } = this.#options;
    if (incoming.state !== "running" && incoming.state !== "stopped") {
      // Its caller left, or its deadline passed, while the guard was deciding.
      incoming.reject(refusalParts(new SluiceError("CANCELLED", "The call was cancelled")));
      incoming.slot.free();
      return;
    }
    const run = new HandlerRun(this, incoming, procedure, param, call, shared);
    const { scope } = run;
    this.#options.started?.(call);
    const hasResult = !procedure.result.isAbsent;
    if (middleware.length === 0) runHandler(handler, scope, incoming, hasResult, run);
    else {
      const next = (): Promise<unknown> =>
        new Promise((finish, fail) => runHandler(handler, scope, incoming, hasResult, { finish, fail }));
      endWith(this.#runMiddleware(call, next), run);
    }
    run.started();
  }

  #runMiddleware(call: ServedCall, run: () => unknown): Promise<unknown> {
    const { middleware } = this.#options;
    const step = async (at: number): Promise<unknown> => {
      const next = middleware[at];
      return next === undefined ? run() : next(call, () => step(at + 1));
    };
    return step(0);
  }

  fail(incoming: IncomingCall, procedure: CompiledProcedure, reason: unknown): void {
    // An error that the caller's own leaving brought about is no fault, and nobody waits for it.
    if (incoming.state === "aborting")
      incoming.reject(refusalParts(new SluiceError("CANCELLED", "The call was cancelled")));
    else incoming.reject(toWireError(reason, procedure, this.#options.scope.log));
  }

  settled(incoming: IncomingCall, call: ServedCall, error: unknown): void {
    incoming.slot.free();
    this.#options.ended?.(call, error);
  }
}

/** A call that was accepted, and whose param is still to come. */
class PlannedCall implements CallPlan {
  readonly served: ServedProcedure;
  readonly call: ServedCall;
  readonly guard: ParamGuard | undefined;
  readonly #dispatcher: Dispatcher;

  constructor(
    dispatcher: Dispatcher,
    served: ServedProcedure,
    call: ServedCall,
    guard: ParamGuard | undefined,
  ) {
    this.#dispatcher = dispatcher;
    this.served = served;
    this.call = call;
    this.guard = guard;
  }

  get param(): Slot {
    return this.served.procedure.param;
  }

  get send(): Slot | undefined {
    const { procedure } = this.served;
    return procedure.kind === "channel" ? procedure.send : undefined;
  }

  start(incoming: IncomingCall, param: unknown): void {
    this.#dispatcher.begin(this, incoming, param);
  }
}

function clip(name: string): string {
  return JSON.stringify(name.length <= 64 ? name : `${name.slice(0, 63)}…`);
}
