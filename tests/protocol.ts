/** What the end-to-end tests serve: every kind of procedure, and every kind of slot. */
import type { ProtocolDefinition } from "@sluice/protocol";

const bytes = { type: "string", contentEncoding: "base64" } as const;
const point = {
  type: "object",
  properties: { x: { type: "number" }, y: { type: "number" } },
  required: ["x", "y"],
  additionalProperties: false,
} as const;

export const protocol = {
  "plain/ping": { type: "request" },
  "plain/any": { type: "request", param: {}, result: {} },
  "math/add": {
    type: "request",
    param: {
      type: "object",
      properties: { a: { type: "number" }, b: { type: "number", minimum: 0 } },
      required: ["a", "b"],
      additionalProperties: false,
    },
    result: { type: "number" },
  },
  "math/multiply": {
    type: "request",
    param: {
      type: "array",
      prefixItems: [{ type: "number" }, { type: "number" }],
      items: false,
      minItems: 2,
    },
    result: { type: "number" },
  },
  "bytes/echo": { type: "request", param: bytes, result: bytes },
  "shop/order": {
    type: "request",
    param: {
      type: "object",
      properties: { item: { type: "string" }, count: { type: "integer", minimum: 1 } },
      required: ["item", "count"],
      additionalProperties: false,
    },
    result: { type: "object", properties: { id: { type: "string" } }, required: ["id"] },
    errors: {
      NO_STOCK: {
        description: "Less is left than was ordered",
        data: { type: "object", properties: { left: { type: "integer" } }, required: ["left"] },
      },
      CLOSED: { retryable: true },
    },
  },
  "numbers/count": {
    type: "stream",
    param: { type: "object", properties: { to: { type: "integer" } }, required: ["to"] },
    receive: { type: "object", properties: { n: { type: "integer" } }, required: ["n"] },
    result: { type: "object", properties: { sent: { type: "integer" } }, required: ["sent"] },
  },
  "bytes/pour": {
    type: "stream",
    param: {
      type: "object",
      properties: { size: { type: "integer" }, count: { type: "integer" } },
      required: ["size"],
    },
    receive: bytes,
    result: { type: "integer" },
  },
  "chat/join": {
    type: "channel",
    param: { type: "object", properties: { room: { type: "string" } }, required: ["room"] },
    send: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
    receive: {
      type: "object",
      properties: { from: { type: "string" }, text: { type: "string" } },
      required: ["from", "text"],
    },
    result: { type: "object", properties: { heard: { type: "integer" } }, required: ["heard"] },
  },
  "files/upload": { type: "channel", send: bytes, result: { type: "integer" } },
  "mouse/clicked": { type: "event", data: point },
} as const satisfies ProtocolDefinition;

export type TestProtocol = typeof protocol;
