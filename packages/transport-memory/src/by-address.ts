/** Memory transports by name: what `connect("memory:app")` and `server.listen("memory:app")` use. */
import {
  type Address,
  formatAddress,
  type Listener,
  SluiceError,
  type Transport,
} from "@sluice/protocol/wire";
import { memoryTransport } from "./memory-transport.ts";

/** The transports that somebody listens on, by name. One process, one space of names. */
const listening = new Map<string, ReturnType<typeof memoryTransport>>();

function nameOf(address: Address): string {
  if (address.scheme === "memory") return address.name;
  throw new SluiceError("INVALID_ARGUMENT", `Invalid address ${formatAddress(address)}: it is not memory:`, {
    processed: "no",
  });
}

/** A transport to whoever listens under the name when a connection is made. @throws {SluiceError} `INVALID_ARGUMENT` */
export function transportFromAddress(address: Address): Transport {
  const name = nameOf(address);
  return {
    name: "memory",
    async connect() {
      const found = listening.get(name);
      if (found !== undefined) return found.client.connect();
      throw new SluiceError("UNAVAILABLE", `Cannot connect to memory:${name}: nobody listens there`, {
        processed: "no",
      });
    },
    async dispose() {},
  };
}

/** A listener under the name. @throws {SluiceError} `INVALID_ARGUMENT` */
export function listenerFromAddress(address: Address): Listener {
  const name = nameOf(address);
  const transport = memoryTransport();
  return {
    async listen(onLink) {
      if (listening.has(name)) {
        throw new SluiceError("ALREADY_EXISTS", `Cannot listen at memory:${name}: somebody listens there`, {
          processed: "no",
        });
      }
      listening.set(name, transport);
      transport.server.accept?.(onLink);
      return formatAddress(address);
    },
    async close() {
      if (listening.get(name) === transport) listening.delete(name);
      await transport.server.dispose();
    },
  };
}
