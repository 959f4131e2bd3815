/**
 * The client that a handler has of the peer that called: calls by name, and typed ones of a protocol that the peer serves.
 */
import type { CallOptions } from "../definition/call-types.ts";
import type { PeerClient } from "../definition/handler-types.ts";
import type { ProtocolDefinition } from "../definition/protocol-definition.ts";
import type { Service } from "../definition/service.ts";
import { makeApi } from "./api-proxy.ts";
import type { AnyCallOptions } from "./call-opener.ts";
import type { Caller } from "./caller.ts";

/** What `client.service(…)` gives, for a protocol or a service. */
export function serviceApi(caller: Caller, served: ProtocolDefinition | Service<unknown>): unknown {
  if (!isService(served)) return makeApi(caller, served);
  const { timeout, protocol } = served;
  const bounded = timeout === undefined ? caller : caller.with({ timeout });
  return makeApi(bounded, protocol as ProtocolDefinition, servicePrefix(served));
}

/** How the procedures of a service are named on the wire, for a caller made for `version`. */
function servicePrefix({ name, version }: Service<unknown>): string {
  return `${name}@^${version}/`;
}

/** The procedures of a protocol or service by their names on the wire. */
export function serviceProcedures(
  served: ProtocolDefinition | Service<ProtocolDefinition>,
): ProtocolDefinition {
  if (!isService(served)) return served;
  const prefix = servicePrefix(served);
  return Object.fromEntries(
    Object.entries(served.protocol).map(([name, definition]) => [prefix + name, definition]),
  );
}

/** Whether `served` is a service and not a bare protocol. */
export function isService<Protocol>(
  served: ProtocolDefinition | Service<Protocol>,
): served is Service<Protocol> {
  // A procedure may be called "protocol", but then it has a type.
  const { protocol, version } = served as Partial<Service<unknown>>;
  return typeof version === "string" && typeof protocol === "object" && protocol !== null;
}

/** {@link PeerClient} over `caller`. The casts forget what only the compiler knows. */
export function makePeerClient(caller: Caller): PeerClient {
  const untyped = {
    request: (name: string, options?: CallOptions) => caller.request(name, options as AnyCallOptions),
    stream: (name: string, options?: CallOptions) => caller.items(name, "stream", options as AnyCallOptions),
    channel: (name: string, options?: CallOptions) =>
      caller.items(name, "channel", options as AnyCallOptions),
    event: (name: string, options?: CallOptions) => caller.event(name, options as AnyCallOptions),
    service: (served: ProtocolDefinition | Service<unknown>) => serviceApi(caller, served),
  };
  return untyped as PeerClient;
}
