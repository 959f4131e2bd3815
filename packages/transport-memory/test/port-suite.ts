/** The transport suite over the ports of one thread, as each kind of platform offers them. */
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { type TransportSetup, transportSuite } from "@sluice/protocol/testing";
import type { Link } from "@sluice/protocol/wire";
import { type MessagePortLike, messagePortTransport } from "@sluice/transport-memory";
import { describe, it } from "vitest";
import { collectGarbage } from "./collect-garbage.ts";

/** Registers the suite. `shape` makes of a port what the link is given. */
export function portSuite(name: string, shape: (port: MessagePort) => MessagePortLike): void {
  transportSuite(name, {
    test: { describe, it },
    kind: "structured",
    collectGarbage,
    setup(): TransportSetup {
      const ports: MessagePort[] = [];
      let accept: ((link: Link) => void) | undefined;
      return {
        accept(onLink) {
          accept = onLink;
        },
        connect() {
          const { port1, port2 } = new MessageChannel();
          ports.push(port1, port2);
          if (accept !== undefined) messagePortTransport(shape(port2)).accept?.(accept);
          return messagePortTransport(shape(port1)).connect();
        },
        cleanup() {
          for (const port of ports) port.close();
        },
      };
    },
  });
}
