/** What the shop offers: the signatures of its class, as data. */
import type { ProtocolDefinition } from "@sluice/protocol";

const thing = { type: "string" } as const;
const whole = { type: "integer", minimum: 0 } as const;

export const shop = {
  price: { type: "request", param: thing, result: whole },
  order: {
    type: "request",
    param: { type: "array", prefixItems: [thing, whole], minItems: 2, items: false },
    result: {
      type: "object",
      properties: { id: whole, total: whole },
      required: ["id", "total"],
      additionalProperties: false,
    },
  },
  track: { type: "stream", param: whole, receive: { type: "string" } },
} as const satisfies ProtocolDefinition;
