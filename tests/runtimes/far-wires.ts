/** Links to a server of the same handlers in another process, on the loopback interface: WebSocket, and HTTP with SSE. */
import { silentLogger } from "@sluice/protocol/wire";
import { ClientTransport } from "@sluice/transport-http";
import { WebSocketTransport } from "@sluice/transport-websocket";
import type { WireKind } from "./wires.ts";

/** Where that server is. */
export interface Settings {
  readonly websocket: string;
  readonly http: string;
}

export function farWires({ websocket, http }: Settings): WireKind[] {
  return [
    {
      name: "WebSocket",
      open: async () => ({
        transport: () => new WebSocketTransport({ url: websocket }),
        close: async () => {},
      }),
    },
    {
      name: "HTTP + SSE",
      open: async () => ({
        transport: () => new ClientTransport({ url: http, logger: silentLogger }),
        close: async () => {},
      }),
    },
  ];
}
