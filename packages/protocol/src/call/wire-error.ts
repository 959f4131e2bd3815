/**
 * What a caller is told of what a handler threw: declared errors whole, Sluice's own with code and message, all else nothing.
 *
 * Spec: docs/wire.md §6.
 */
import { declaredErrors } from "../definition/declared-error.ts";
import type { LogFields, Logger } from "../definition/handler-types.ts";
import { SluiceError } from "../errors/sluice-error.ts";
import { standardUtf8 } from "../frame/utf8.ts";
import { maxErrorData } from "../limits.ts";
import { errorParts } from "../session/error-parts.ts";
import type { CompiledProcedure } from "./compiled-protocol.ts";

/** A fault of the handler itself: its caller learns only that there was one. */
export class HandlerFault extends Error {
  override readonly name = "HandlerFault";
}

/** The ERROR for `reason`. What stays home is logged under a reference that the caller gets. */
export function toWireError(
  reason: unknown,
  procedure: CompiledProcedure,
  logger: Logger,
): ReturnType<typeof errorParts> {
  if (SluiceError.is(reason)) {
    const declared = procedure.errors.get(reason.code);
    if (declared !== undefined) {
      const { definition } = procedure;
      const declaration = definition && declaredErrors(definition).get(reason.code);
      try {
        const data = declared.encode(reason.data);
        if (data.length < 0) data.length = standardUtf8.byteLength(data.body as string);
        if (data.length > maxErrorData) {
          throw new RangeError(`data of ${data.length} bytes: at most ${maxErrorData}`);
        }
        const retryable = declaration?.retryable ?? reason.retryable;
        return errorParts(reason.code, reason.message, { processed: "maybe", retryable }, data);
      } catch (cause) {
        return opaque(new HandlerFault(`Cannot send ${reason.code}`, { cause }), procedure, logger);
      }
    }
    const { code, message, retryable } = reason;
    return errorParts(code, message, { processed: "maybe", retryable });
  }
  return opaque(reason, procedure, logger);
}

function opaque(
  reason: unknown,
  procedure: CompiledProcedure,
  logger: Logger,
): ReturnType<typeof errorParts> {
  const reference = crypto.randomUUID();
  logFault(logger, `The handler of ${procedure.name} failed`, { reference, error: reason });
  return errorParts("INTERNAL", `The handler failed (reference ${reference})`, {
    processed: "maybe",
    retryable: false,
  });
}

/** Logs what a peer is not told. A logger that fails itself changes nothing for the call. */
export function logFault(logger: Logger, message: string, fields: LogFields): void {
  try {
    logger.error(message, fields);
  } catch {
    // There is nobody left to tell.
  }
}
