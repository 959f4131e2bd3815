/** A job that takes as long as it takes. */
import type { ProtocolDefinition } from "@sluice/protocol";

export const jobs = {
  "jobs/run": { type: "request", param: { type: "string" }, result: { type: "string" } },
} as const satisfies ProtocolDefinition;
