/**
 * Client and server in one: a protocol's handlers in this process, and the client that calls them.
 *
 * The only file of a transport that knows both; it loads them when it is called, so that links stand on neither.
 */
import type { Client, ClientOptions } from "@sluice/client";
import type { HandlersOf, ProtocolDefinition } from "@sluice/protocol";
import type { Transport } from "@sluice/protocol/wire";
import type { ServerOptions } from "@sluice/server";
import { type MemoryTransportOptions, memoryTransport } from "./memory-transport.ts";

/** What server and client have in common applies to both. */
type SharedOptions<Protocol, Context> = Pick<
  ServerOptions<Protocol, Context>,
  | "limits"
  | "handshakeTimeout"
  | "heartbeat"
  | "deadAfter"
  | "graceMs"
  | "stallTimeout"
  | "drainTimeout"
  | "maxDeadline"
  | "validator"
  | "validate"
  | "logger"
  | "clock"
>;

export interface StandaloneOptions<Protocol, Context = undefined> extends SharedOptions<Protocol, Context> {
  readonly protocol: Protocol;
  readonly handlers: HandlersOf<Protocol, NoInfer<Context>>;
  /** What handlers find as `context`, or what makes it. Default `undefined`. */
  readonly context?: ServerOptions<Protocol, Context>["context"];
  /** How values cross. Default `"shared"`: by reference. */
  readonly values?: MemoryTransportOptions["values"];
  /** Milliseconds for each call, unless it says otherwise. Default: none. */
  readonly timeout?: ClientOptions<Protocol>["timeout"];
  /** Milliseconds without an item, for each stream and channel. Default: none. */
  readonly idleTimeout?: ClientOptions<Protocol>["idleTimeout"];
}

/**
 * A client, connected, of handlers in this process. Everybody who has it may call everything. Disposing it disposes the server.
 *
 * Rejects with {@link TypeError} for a missing or unknown handler or a protocol that is none, {@link RangeError} for limits.
 */
export async function standalone<const Protocol extends ProtocolDefinition, Context = undefined>(
  options: StandaloneOptions<Protocol, Context>,
): Promise<Client<Protocol>> {
  const { protocol, handlers, context, values = "shared", timeout, idleTimeout, ...shared } = options;
  const [{ Client }, { Server }] = await Promise.all([import("@sluice/client"), import("@sluice/server")]);
  const ends = memoryTransport({ values, ...(shared.clock === undefined ? {} : { clock: shared.clock }) });
  const server = new Server<Protocol, Context>({
    ...shared,
    protocol,
    handlers,
    transport: ends.server,
    public: true,
    ...(context === undefined ? {} : { context }),
  });
  const transport: Transport = {
    name: ends.client.name,
    connect: () => ends.client.connect(),
    async dispose() {
      await server.dispose();
      await ends.server.dispose();
    },
  };
  const client = new Client<Protocol>({
    ...shared,
    protocol,
    transport,
    ...(timeout === undefined ? {} : { timeout }),
    ...(idleTimeout === undefined ? {} : { idleTimeout }),
  });
  try {
    await client.ready;
  } catch (reason) {
    await client.dispose();
    throw reason;
  }
  return client;
}
