/**
 * Opens a call in a session: finds the procedure, checks and encodes the param, ties the call to its user's signal.
 */
import type { Encoding, Message } from "../codec/slot.ts";
import type { CallOptions } from "../definition/call-types.ts";
import type { ProcedureKind } from "../definition/kinds.ts";
import { SluiceError } from "../errors/sluice-error.ts";
import { cancelled } from "../session/call-end.ts";
import type { OutgoingCall } from "../session/outgoing-call.ts";
import type { Session } from "../session/session.ts";
import { type CallObserver, SignalledEnd } from "./call-observer.ts";
import type { CompiledProtocol } from "./compiled-protocol.ts";
import { writeMetadata } from "./metadata.ts";
import { refuseName, refuseTimeout } from "./refuse-call.ts";

/** Where calls go. */
export interface CallRoute {
  /** The session, if calls can be opened now. */
  readonly session: Session | undefined;
  /** Why there is none, if that is known. */
  readonly lastFailure?: SluiceError | undefined;
  /** Resolves with a session as soon as there is one; rejects when there never will be. */
  waitForSession(): Promise<Session>;
  /** What is known of the procedures, encoded as `session` wants it. */
  procedures(session: Session): CompiledProtocol;
}

/** Options of a call of any kind. */
export interface AnyCallOptions extends CallOptions {
  readonly param?: unknown;
  readonly data?: unknown;
  readonly send?: AsyncIterable<unknown> | ReadableStream<unknown> | undefined;
}

/** A call that was opened before, and is opened again. */
export interface FormerCall {
  /** As it was encoded the first time. */
  readonly param: Message;
  /** How. */
  readonly encoding: Encoding;
  /** Where the last item stood that its reader took; `undefined`: nowhere. */
  readonly cursor: unknown;
}

/** Opens calls along `route`. */
export class CallOpener {
  readonly route: CallRoute;

  constructor(route: CallRoute) {
    this.route = route;
  }

  /**
   * Opens a call, or tells `observer` why not.
   * @param timeout milliseconds, `undefined`: none
   */
  open(
    session: Session,
    name: string,
    kind: ProcedureKind,
    options: AnyCallOptions,
    param: unknown,
    timeout: number | undefined,
    observer: CallObserver,
    former?: FormerCall,
  ): void {
    const { signal } = options;
    let call: OutgoingCall | undefined;
    const end =
      signal === undefined ? observer : new SignalledEnd(observer, signal, (reason) => call?.abort(reason));
    try {
      if (signal?.aborted === true) throw cancelled(signal.reason, "no");
      if (observer.isOver) throw cancelled(undefined, "no");
      const refusal = refuseTimeout(name, timeout) ?? refuseName(name, session);
      if (refusal !== undefined) throw refusal;
      const procedure = this.route.procedures(session).find(name);
      if (procedure === undefined || (procedure.kind !== undefined && procedure.kind !== kind)) {
        const what =
          procedure === undefined ? "the protocol has none of that name" : `it is a ${procedure.kind}`;
        throw new SluiceError("UNIMPLEMENTED", `Cannot call ${kind} ${name}: ${what}`, { processed: "no" });
      }
      const { maxMetadata, maxDeadline } = session.peerLimits;
      const hasItems = kind === "stream" || kind === "channel";
      const cursor = former?.cursor === undefined ? undefined : procedure.cursor?.write(former.cursor);
      call = session.open(
        {
          procedure: name,
          param: paramAgain(former, session) ?? procedure.param.encode(param),
          receive: hasItems ? procedure.receive : undefined,
          send: kind === "channel" ? procedure.send : undefined,
          isEvent: kind === "event",
          result: procedure.result,
          errors: procedure.errors,
          timeoutMs: timeout === undefined ? 0 : Math.min(timeout, maxDeadline, session.limits.maxDeadline),
          metadata: writeMetadata(options.metadata, maxMetadata, session.utf8, cursor),
        },
        end,
      );
      observer.opened(call, procedure);
    } catch (reason) {
      end.rejected(SluiceError.from(reason, "INTERNAL"));
    }
  }
}

/** The param that was sent before, whatever has become of the user's value meanwhile; if `session` takes it as it is. */
function paramAgain(former: FormerCall | undefined, { encoding }: Session): Message | undefined {
  if (former === undefined || encoding.kind !== "bytes" || former.encoding.kind !== "bytes") return undefined;
  return former.encoding.codec === encoding.codec ? former.param : undefined;
}
