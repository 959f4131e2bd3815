/**
 * What a server can be told, with defaults; a name that is none of these is a mistake, and is found.
 */
import type {
  Connection,
  HandlersOf,
  LimitOptions,
  Logger,
  ProtocolDefinition,
  Validator,
} from "@sluice/protocol";
import {
  type Clock,
  type Codec,
  checkOptionNames,
  type Listener,
  optionPaths,
  resolveLimits,
  type ToClient,
  type ToServer,
  type Transport,
  type ValidateMode,
} from "@sluice/protocol/wire";
import type { AccessRules } from "./access.ts";
import type { ServedService } from "./service-registry.ts";

/** Judges a peer by its credentials. Returns its identity, or throws: then the peer is refused. */
export type Authenticate<Identity = unknown> = (
  credentials: unknown,
  connection: Connection,
) => Identity | Promise<Identity>;

/** Makes what handlers find as `context`, once per connection. */
export type MakeContext<Context> = (connection: Connection, identity: unknown) => Context | Promise<Context>;

export interface ServerOptions<Protocol, Context> extends LimitOptions {
  /** What is served. Leave it out to serve `services` only. */
  readonly protocol?: Protocol;
  /** One handler for every procedure of `protocol`. */
  readonly handlers?: HandlersOf<Protocol, NoInfer<Context>>;
  /** Services beside, or instead of, `protocol`. Made by {@link serve}. */
  readonly services?: readonly ServedService[];
  /** Serves this transport at once, as `handle()` does. */
  readonly transport?: Transport<ToServer<Protocol>, ToClient<Protocol>>;
  /** `true`: everybody may connect and call. Without it, `authenticate` or `access`, every call is refused. Default `false`. */
  readonly public?: boolean;
  /** Judges who connects. Default: nobody is judged, and nobody has an identity. */
  readonly authenticate?: Authenticate;
  /** Who may call what. Default: whoever was let in may call everything. */
  readonly access?: AccessRules;
  /** What handlers find as `context`, or what makes it for each connection. */
  readonly context?: Context | MakeContext<Context>;
  /** What clients serve to this server, for typed and checked calls back. Default: nothing is known of it. */
  readonly clientProtocol?: ProtocolDefinition;
  /** Codecs that a client may choose. Default: JSON and MessagePack. */
  readonly codecs?: readonly Codec[];
  /** Checks values. Default: Ajv, and closures in browsers and wherever generating code is refused. */
  readonly validator?: Validator;
  /** Which messages are checked. Default `"all"`. */
  readonly validate?: ValidateMode;
  /** `false`: a lost link ends its calls. Default `true`: they go on when the client comes back within `graceMs`. */
  readonly session?: boolean;
  /** For logs and `$describe`, at most 256 bytes. Default `"server"`. */
  readonly name?: string;
  /** Told of faults of handlers, whole. Default: warnings and errors to the console. */
  readonly logger?: Logger;
  /** For tests. Default: the system's. */
  readonly clock?: Clock;
}

/** Every one of them: the compiler misses what is forgotten. */
const topNames: Record<keyof ServerOptions<unknown, unknown>, true> = {
  protocol: true,
  handlers: true,
  services: true,
  transport: true,
  public: true,
  authenticate: true,
  access: true,
  context: true,
  clientProtocol: true,
  limits: true,
  session: true,
  codecs: true,
  validator: true,
  validate: true,
  name: true,
  logger: true,
  clock: true,
  handshakeTimeout: true,
  heartbeat: true,
  deadAfter: true,
  graceMs: true,
  stallTimeout: true,
  drainTimeout: true,
  maxDeadline: true,
};
const limitNames = Object.fromEntries(
  Object.entries(resolveLimits()).filter(([name]) => !(name in topNames)),
);
const serverPaths = optionPaths({ ...topNames, limits: limitNames });

/** Refuses what are no options of a server. @throws {TypeError} that says what to write */
export function checkServerOptions(options: unknown): asserts options is object {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(
      "new Server() needs options: new Server({ protocol, handlers }), and one of public, authenticate and access",
    );
  }
  checkOptionNames("new Server()", options, serverPaths);
}

/** Refuses what a server cannot listen at. @throws {TypeError} that says what to write */
export function checkPlaces(where: readonly unknown[]): void {
  for (const one of where) {
    const isListener = typeof (one as Partial<Listener> | null | undefined)?.listen === "function";
    if (typeof one === "string" || isListener) continue;
    throw new TypeError(
      'listen() takes addresses, as listen("tcp://127.0.0.1:3000"), and listeners, as those of listenSocket({ port, tls })',
    );
  }
}
