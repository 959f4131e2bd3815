/** The protocol of the dashboard: figures that come by themselves, log lines that one may filter, and a command. */
import type { ProtocolDefinition } from "@sluice/protocol";

const level = { type: "string", enum: ["debug", "info", "warn", "error"] } as const;

export const dashboard = {
  "metrics/stream": {
    type: "stream",
    param: {
      type: "object",
      properties: { interval: { type: "number" } },
      required: ["interval"],
      additionalProperties: false,
    },
    receive: {
      type: "object",
      properties: { cpu: { type: "number" }, memory: { type: "number" }, timestamp: { type: "number" } },
      required: ["cpu", "memory", "timestamp"],
      additionalProperties: false,
    },
    result: {
      type: "object",
      properties: { totalSamples: { type: "number" } },
      required: ["totalSamples"],
      additionalProperties: false,
    },
  },
  "logs/watch": {
    type: "channel",
    param: {
      type: "object",
      properties: { level },
      required: ["level"],
      additionalProperties: false,
    },
    send: {
      type: "object",
      properties: { level },
      required: ["level"],
      additionalProperties: false,
    },
    receive: {
      type: "object",
      properties: { level: { type: "string" }, message: { type: "string" }, timestamp: { type: "number" } },
      required: ["level", "message", "timestamp"],
      additionalProperties: false,
    },
    result: {
      type: "object",
      properties: { totalLogs: { type: "number" } },
      required: ["totalLogs"],
      additionalProperties: false,
    },
  },
  "system/restart": {
    type: "request",
    param: {
      type: "object",
      properties: { service: { type: "string" } },
      required: ["service"],
      additionalProperties: false,
    },
    result: {
      type: "object",
      properties: { success: { type: "boolean" }, message: { type: "string" } },
      required: ["success", "message"],
      additionalProperties: false,
    },
  },
} as const satisfies ProtocolDefinition;

export type Dashboard = typeof dashboard;
