/**
 * The calls that a server makes to its client: only to handlers that the client has listed.
 */
import type { Connection, Logger, ProtocolDefinition, Validator } from "@sluice/protocol";
import { checkDefinition } from "@sluice/protocol";
import {
  type AnyHandler,
  type Caller,
  CompiledProtocol,
  Dispatcher,
  type LocalPeer,
  type MakePeerCalls,
  makePeerClient,
  type ResolvedLimits,
  refuseCalls,
  type Session,
  takeCalls,
  type ValidateMode,
} from "@sluice/protocol/wire";

export interface ReverseCallOptions {
  /** `undefined`: nothing is served. */
  readonly protocol: ProtocolDefinition | undefined;
  readonly handlers: Readonly<Record<string, unknown>>;
  readonly local: LocalPeer;
  readonly limits: ResolvedLimits;
  readonly validator: Validator;
  readonly validate: ValidateMode;
  readonly logger: Logger;
  /** For handlers that call the server again. */
  caller(): Caller;
}

/**
 * Makes what serves a session's calls from the server.
 * @throws {TypeError} for a handler that is not in the protocol, or no function
 */
export function reverseCalls(options: ReverseCallOptions): (session: Session) => MakePeerCalls {
  const handlers = checkHandlers(options);
  if (handlers.size === 0) return () => refuseCalls;
  return (session) => {
    const { protocol, limits, validator, validate, logger, local } = options;
    const { encoding } = session;
    const compiled = new CompiledProtocol(protocol, {
      encoding,
      side: "callee",
      validator,
      validate,
      limits,
    });
    const connection: Connection = {
      id: local.epoch.slice(0, 8),
      transport: session.info.transport,
      remote: session.info.remote,
      peerCertificate: session.info.peerCertificate,
    };
    const dispatcher = new Dispatcher({
      session,
      scope: {
        context: undefined,
        identity: undefined,
        connection,
        log: logger,
        clock: session.clock,
        clientFor: (inherited) => makePeerClient(options.caller().with({ inherited })),
      },
      middleware: [],
      find(name) {
        const handler = handlers.get(name);
        const procedure = handler === undefined ? undefined : compiled.find(name);
        return handler === undefined || procedure === undefined ? undefined : { handler, procedure };
      },
      // The server was chosen by this client, and may call what the client listed for it.
      admit() {},
      guard: () => undefined,
    });
    return takeCalls(dispatcher);
  };
}

function checkHandlers({ protocol, handlers }: ReverseCallOptions): ReadonlyMap<string, AnyHandler> {
  const byName = new Map<string, AnyHandler>();
  const entries = Object.entries(handlers).filter(([, handler]) => handler !== undefined);
  if (entries.length === 0) return byName;
  if (protocol === undefined) throw new TypeError("handlers need clientProtocol, or protocol");
  checkDefinition(protocol);
  for (const [name, handler] of entries) {
    if (!Object.hasOwn(protocol, name))
      throw new TypeError(`Unknown handler: ${name} is not in the protocol`);
    if (typeof handler !== "function") throw new TypeError(`The handler of ${name} is no function`);
    byName.set(name, handler as AnyHandler);
  }
  return byName;
}
