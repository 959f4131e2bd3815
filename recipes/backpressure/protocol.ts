/** An endless stream of byte strings, and a question about how far it has come. */
import type { ProtocolDefinition } from "@sluice/protocol";

const count = { type: "integer", minimum: 0 } as const;

export const pump = {
  "items/pour": {
    type: "stream",
    description: "Items of 16,000 bytes, without end: the reader stops the call",
    receive: { type: "string", contentEncoding: "base64" }, // bytes: a Uint8Array
    result: count,
  },
  "items/produced": {
    type: "request",
    description: "How many items the latest stream of this server has made so far",
    result: count,
  },
} as const satisfies ProtocolDefinition;
