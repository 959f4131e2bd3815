/** What the servers serve that are started again and again. */
import type { ProtocolDefinition } from "@sluice/protocol";

export const protocol = {
  "numbers/count": {
    type: "stream",
    param: { type: "integer" },
    receive: { type: "object", properties: { n: { type: "integer" } }, required: ["n"] },
    result: { type: "string" },
    cursor: "n",
  },
  "orders/read": {
    type: "request",
    param: { type: "string" },
    result: { type: "integer" },
    idempotent: true,
  },
  "orders/place": { type: "request", param: { type: "string" }, result: { type: "integer" } },
} as const satisfies ProtocolDefinition;
