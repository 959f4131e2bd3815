/** What is known of a call before its param is looked at. */
import type { ProcedureKind } from "../definition/kinds.ts";
import type { ConnectionScope } from "./handler-scope.ts";
import type { Metadata } from "./metadata.ts";

/** A call that is about to be served, for guards, middleware and listeners. */
export interface ServedCall {
  readonly procedure: string;
  readonly kind: ProcedureKind;
  readonly metadata: Metadata;
  readonly identity: unknown;
  readonly connection: ConnectionScope["connection"];
  /** Where the caller's last item stood, once the call is allowed; `undefined` unless it goes on with a stream. */
  readonly cursor?: unknown;
}
