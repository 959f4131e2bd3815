/** What a server streams to a page whose tab is hidden. */
import type { ProtocolDefinition } from "@sluice/protocol";

export const throttledProtocol = {
  beats: { type: "stream", description: "1, 2, 3, …, seldom", receive: { type: "integer" } },
} as const satisfies ProtocolDefinition;
