/** What the counting server offers: one stream. */
import type { ProtocolDefinition } from "@sluice/protocol";

export const protocol = {
  counter: {
    type: "stream",
    param: { type: "object", properties: { max: { type: "number" } }, required: ["max"] },
    receive: { type: "object", properties: { count: { type: "number" } }, required: ["count"] },
    result: { type: "object", properties: { total: { type: "number" } }, required: ["total"] },
  },
} as const satisfies ProtocolDefinition;
