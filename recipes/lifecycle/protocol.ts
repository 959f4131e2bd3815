/** A job that takes as long as it takes, and numbers that come one after the other. */
import type { ProtocolDefinition } from "@sluice/protocol";

export const jobs = {
  "jobs/run": { type: "request", param: { type: "string" }, result: { type: "string" } },
  "jobs/count": { type: "stream", param: { type: "integer" }, receive: { type: "integer" } },
} as const satisfies ProtocolDefinition;
