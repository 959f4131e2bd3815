/**
 * What the calls of one connection meet: admission, handlers, rules. One object for each connection, and nothing else.
 */
import {
  type DispatcherOptions,
  type HandlerMiddleware,
  introspection,
  type ParamGuard,
  type ServedCall,
  type ServedProcedure,
  type Session,
  SluiceError,
} from "@sluice/protocol/wire";
import type { AccessTable } from "./access.ts";
import type { CallWatch } from "./call-watch.ts";
import type { LiveConnection } from "./server-connection.ts";
import type { CompiledServices, ServiceRegistry } from "./service-registry.ts";

/** What a server has said of calls, for all its connections. */
export interface CallRules {
  readonly serverName: string;
  readonly registry: ServiceRegistry;
  readonly middleware: readonly HandlerMiddleware[];
  readonly isPublic: boolean;
  /** Somebody judges who connects. */
  readonly authenticates: boolean;
  readonly access: AccessTable | undefined;
  readonly watch: CallWatch;
}

export class ServedCalls implements DispatcherOptions {
  readonly scope: LiveConnection;
  readonly #rules: CallRules;
  readonly #served: CompiledServices;

  constructor(rules: CallRules, connection: LiveConnection, served: CompiledServices) {
    this.#rules = rules;
    this.scope = connection;
    this.#served = served;
  }

  get session(): Session {
    return this.scope.session;
  }

  get middleware(): readonly HandlerMiddleware[] {
    return this.#rules.middleware;
  }

  find(name: string): ServedProcedure | undefined {
    if (!name.startsWith("$")) return this.#rules.registry.find(name, this.#served);
    const procedure = this.#served.of(introspection).find(name);
    return procedure && { procedure, handler: () => this.#describe() };
  }

  /** Deny by default: somebody must have said who may call. */
  admit(): void {
    const { isPublic, authenticates, access } = this.#rules;
    if (isPublic || access !== undefined) return;
    const { identity } = this.scope;
    if (authenticates && identity !== undefined && identity !== null) return;
    throw new SluiceError("UNAUTHENTICATED", "This server does not serve unknown peers", { processed: "no" });
  }

  /** By name and identity now; by the param, where a rule looks at it, once that is there. */
  guard(call: ServedCall): ParamGuard | undefined {
    const { access } = this.#rules;
    if (access === undefined || call.procedure.startsWith("$")) return undefined;
    const judgement = access.judge(call);
    if (typeof judgement === "boolean") {
      requireAccess(judgement, call);
      return undefined;
    }
    return (param) => {
      const allowed = judgement(param);
      if (typeof allowed === "boolean") return requireAccess(allowed, call);
      return allowed.then((isAllowed) => requireAccess(isAllowed, call));
    };
  }

  started(call: ServedCall): void {
    this.#rules.watch.started(call);
  }

  ended(call: ServedCall, error: unknown): void {
    this.#rules.watch.ended(call, error);
  }

  #describe(): unknown {
    const { registry, access, serverName } = this.#rules;
    const { identity } = this.scope;
    return {
      server: serverName,
      services: registry.describe((name) => access === undefined || access.shows(name, identity)),
    };
  }
}

function requireAccess(isAllowed: boolean, call: ServedCall): void {
  if (isAllowed === true) return;
  const isKnown = call.identity !== undefined && call.identity !== null;
  const message = `The peer may not call ${call.procedure}`;
  throw new SluiceError(isKnown ? "PERMISSION_DENIED" : "UNAUTHENTICATED", message, { processed: "no" });
}
