/** What drains-on-signal.ts serves. */
import type { ProtocolDefinition } from "@sluice/protocol";

export const drained = {
  wait: { type: "request", param: { type: "integer" }, result: { type: "string" } },
  ignore: { type: "request" },
} as const satisfies ProtocolDefinition;
