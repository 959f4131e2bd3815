/** What the server streams to the page. */
import type { ProtocolDefinition } from "@sluice/protocol";

const everyMs = { type: "integer", minimum: 10, maximum: 60_000 } as const;

export const protocol = {
  "cpu/watch": {
    type: "stream",
    description: "How busy the host is, in percent",
    param: { type: "object", properties: { everyMs }, required: ["everyMs"], additionalProperties: false },
    receive: {
      type: "object",
      properties: { percent: { type: "number" }, timestamp: { type: "number" } },
      required: ["percent", "timestamp"],
      additionalProperties: false,
    },
  },
  count: {
    type: "stream",
    description: "1, 2, 3, …",
    param: { type: "object", properties: { everyMs }, required: ["everyMs"], additionalProperties: false },
    receive: { type: "integer" },
  },
} as const satisfies ProtocolDefinition;
