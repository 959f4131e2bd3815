/** A transport as a stranger gives it to the conformance kit: `npx sluice-conformance --transport ./kit-setup.js`. */
import type { TransportSetup } from "@sluice/protocol/testing";
import { listenSocket, SocketTransport } from "@sluice/transport-socket";

export const name = "tcp of a stranger";

export function setup(): TransportSetup {
  const listener = listenSocket({ port: 0 });
  let transport: SocketTransport | undefined;
  return {
    async accept(onLink) {
      transport = new SocketTransport({ socket: await listener.listen(onLink) });
    },
    connect: () => (transport as SocketTransport).connect(),
    async cleanup() {
      await transport?.dispose();
      await listener.close();
    },
  };
}
