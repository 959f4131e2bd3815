/**
 * How a direct call is opened in its session: by its name and kind, with JSON that nobody here reads.
 */
import { SluiceError } from "@sluice/protocol";
import {
  type Metadata,
  type OutgoingCall,
  type ResolvedLimits,
  resolveLimits,
  type Session,
  writeMetadata,
} from "@sluice/protocol/wire";
import { badRequest, HttpRefusal } from "./http-refusal.ts";
import { jsonMessage, jsonTextSlot } from "./json-text.ts";

const MiB = 1024 * 1024;
/**
 * What is taken from the server: of messages whatever it sends itself, whose bound is its own; ahead of the body's reader no more than
 * a window, which does not grow, since the way from the handler is short.
 */
export const directLimits: ResolvedLimits = resolveLimits({
  limits: { maxMessage: 15 * MiB, maxBuffered: 32 * MiB, window: 64 * 1024, maxWindow: 64 * 1024 },
});

export interface OpenedCall {
  readonly call: OutgoingCall;
  /** What a slot of json-text.ts has decoded. A rejection that nobody looks at is no fault. */
  readonly result: Promise<unknown>;
}

export interface CallShape {
  readonly isStream?: boolean;
  readonly isEvent?: boolean;
  /** Codes of declared errors. */
  readonly declared?: readonly string[];
  readonly timeoutMs?: number;
  readonly metadata?: Metadata | undefined;
  /** JSON text of where the last item stood that the caller has. */
  readonly cursor?: string | undefined;
}

/**
 * Opens a call of `procedure`.
 * @throws {HttpRefusal} for a name that no procedure has; {@link SluiceError} for metadata that no call may have, and if the server takes
 * no calls any more
 */
export function openCall(
  session: Session,
  procedure: string,
  param: Uint8Array,
  { isStream = false, isEvent = false, declared = [], timeoutMs = 0, metadata, cursor }: CallShape,
): OpenedCall {
  checkName(procedure, session);
  const slot = jsonTextSlot(procedure, directLimits);
  const errors = new Map(declared.map((code) => [code, slot]));
  const receive = isStream ? slot : undefined;
  const { promise: result, ...end } = deferred();
  const call = session.open(
    {
      procedure,
      param: jsonMessage(param),
      receive,
      send: undefined,
      isEvent,
      result: slot,
      errors,
      timeoutMs,
      metadata: writeMetadata(metadata, session.peerLimits.maxMetadata, session.utf8, cursor),
    },
    end,
  );
  return { call, result };
}

function checkName(procedure: string, { utf8, peerLimits }: Session): void {
  if (procedure === "") throw badRequest("Cannot call a procedure without a name: POST {base}/{procedure}");
  const { maxName } = peerLimits;
  if (utf8.byteLength(procedure) <= maxName) return;
  const message = `There is no procedure with a name of more than ${maxName} bytes`;
  throw new HttpRefusal(new SluiceError("UNIMPLEMENTED", message, { processed: "no" }), 404);
}

function deferred(): {
  promise: Promise<unknown>;
  resolved(value: unknown): void;
  rejected(error: SluiceError): void;
} {
  let resolved: (value: unknown) => void = ignore;
  let rejected: (error: SluiceError) => void = ignore;
  const promise = new Promise<unknown>((resolve, reject) => {
    resolved = resolve;
    rejected = reject;
  });
  promise.catch(ignore);
  return { promise, resolved, rejected };
}

function ignore(): void {}
