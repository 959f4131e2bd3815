/** What the dashboard's server and its clients say to each other. */
import type { ProtocolDefinition } from "@sluice/protocol";

const level = { type: "string", enum: ["debug", "info", "warn", "error"] } as const;

export const dashboard = {
  "metrics/stream": {
    type: "stream",
    description: "CPU and memory of the host, in percent, every `interval` milliseconds",
    param: {
      type: "object",
      properties: { interval: { type: "number", minimum: 10 } },
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
    description: "The log lines of the web service from now on; what the client sends changes the filter",
    param: { type: "object", properties: { level }, required: ["level"], additionalProperties: false },
    send: { type: "object", properties: { level }, required: ["level"], additionalProperties: false },
    receive: {
      type: "object",
      properties: { level, message: { type: "string" }, timestamp: { type: "number" } },
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
    description: "Ends a service's process and starts a new one",
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
  "numbers/produce": {
    type: "stream",
    description: "1, 2, 3, … without end: an item that is missing or comes twice shows",
    param: {
      type: "object",
      properties: { perSecond: { type: "number", minimum: 100, maximum: 100_000 } },
      required: ["perSecond"],
      additionalProperties: false,
    },
    receive: { type: "integer", minimum: 1 },
    result: {
      type: "object",
      properties: { total: { type: "integer", minimum: 0 } },
      required: ["total"],
      additionalProperties: false,
    },
  },
  "numbers/progress": {
    type: "stream",
    description:
      "How many numbers the handler of this connection's `numbers/produce` has made, every `interval` milliseconds",
    param: {
      type: "object",
      properties: { interval: { type: "number", minimum: 10 } },
      required: ["interval"],
      additionalProperties: false,
    },
    receive: {
      type: "object",
      properties: { produced: { type: "integer", minimum: 0 } },
      required: ["produced"],
      additionalProperties: false,
    },
  },
  "connection/cut": {
    type: "request",
    description:
      "Breaks the link that this very call has come over; the session, and so the answer, outlives it",
  },
} as const satisfies ProtocolDefinition;

export type Dashboard = typeof dashboard;
