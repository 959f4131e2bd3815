/** The links that are there in every runtime, each with a server at its far end: memory, and message ports. */
import { silentLogger, type Transport } from "@sluice/protocol/wire";
import { Server } from "@sluice/server";
import { memoryTransport, messagePortTransport } from "@sluice/transport-memory";
import { makeHandlers } from "./handlers.ts";
import { protocol } from "./protocol.ts";

/** A way to a server that runs. */
export interface Wire {
  /** For one client. */
  transport(): Transport;
  close(): Promise<void>;
}

export interface WireKind {
  /** As the page of runtimes calls it. */
  readonly name: string;
  open(): Promise<Wire>;
}

export function localWires(): WireKind[] {
  const makeServer = () =>
    new Server({ protocol, handlers: makeHandlers(), public: true, logger: silentLogger });
  const memory: WireKind = {
    name: "memory",
    async open() {
      const { client, server: end } = memoryTransport({ values: "bytes" });
      const server = makeServer();
      server.handle(end);
      return { transport: () => client, close: () => server.dispose() };
    },
  };
  const messagePort: WireKind = {
    name: "MessagePort",
    async open() {
      const server = makeServer();
      const bringPort = (): MessagePort => {
        const { port1, port2 } = new MessageChannel();
        server.handle(messagePortTransport(port2));
        return port1;
      };
      return { transport: () => messagePortTransport(bringPort), close: () => server.dispose() };
    },
  };
  // workerd has message channels since a certain compatibility date only.
  return typeof MessageChannel === "undefined" ? [memory] : [memory, messagePort];
}
