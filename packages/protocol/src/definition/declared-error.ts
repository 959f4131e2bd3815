/** Errors that procedures declare: finding them by code, and telling them apart where a call failed. */

import { SluiceError } from "../errors/sluice-error.ts";
import type { ErrorDefinition, ProcedureDefinition } from "./protocol-definition.ts";
import type { ErrorCodeOf, ErrorOf, ProcedureNames } from "./protocol-types.ts";

const none: ReadonlyMap<string, ErrorDefinition> = new Map();

const known = new WeakMap<object, ReadonlyMap<string, ErrorDefinition>>();

/** The errors that `procedure` declares, by code. Made once per definition; empty for an event. */
export function declaredErrors(procedure: ProcedureDefinition): ReadonlyMap<string, ErrorDefinition> {
  if (procedure.type === "event" || procedure.errors === undefined) return none;
  let declared = known.get(procedure.errors);
  if (declared === undefined) {
    declared = new Map(Object.entries(procedure.errors));
    known.set(procedure.errors, declared);
  }
  return declared;
}

/**
 * Whether `error` is one that `procedure` of `protocol` declares: the one with `code`, or without `code` any of them.
 * `error.data` then has the type that the protocol says: `if (isError(e, shop, "orders/place", "NO_STOCK")) e.data.left`.
 *
 * It looks at the code alone, so ask it about the error of a call of that procedure. It never throws.
 */
export function isError<
  const Protocol,
  Procedure extends ProcedureNames<Protocol>,
  Code extends ErrorCodeOf<Protocol, Procedure>,
>(
  error: unknown,
  protocol: Protocol,
  procedure: Procedure,
  code?: Code,
): error is Extract<ErrorOf<Protocol, Procedure>, { readonly code: Code }> {
  if (!SluiceError.is(error)) return false;
  const definition = ownProcedure(protocol, procedure);
  if (definition === undefined || !declaredErrors(definition).has(error.code)) return false;
  return code === undefined || error.code === code;
}

/** The parameter is not constrained, so that an interface may stand for a protocol; here it is looked at as one. */
function ownProcedure(protocol: unknown, name: string): ProcedureDefinition | undefined {
  if (typeof protocol !== "object" || protocol === null || !Object.hasOwn(protocol, name)) return undefined;
  return (protocol as { readonly [name: string]: ProcedureDefinition })[name];
}
