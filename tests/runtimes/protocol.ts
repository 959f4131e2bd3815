/** What the call suite calls, in every runtime: each kind of procedure, and requests that ask what a handler has seen. */
import type { ProtocolDefinition } from "@sluice/protocol";

const bytes = { type: "string", contentEncoding: "base64" } as const;
/** Names a scene: what one test's handlers leave for its questions. */
const key = { type: "string", maxLength: 100 } as const;
const scene = {
  type: "object",
  properties: { key },
  required: ["key"],
  additionalProperties: false,
} as const;
const count = { type: "integer", minimum: 0 } as const;

export const protocol = {
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
  "bytes/echo": { type: "request", param: bytes, result: bytes },
  "shop/order": {
    type: "request",
    param: { type: "object", properties: { count }, required: ["count"] },
    result: { type: "string" },
    errors: {
      NO_STOCK: { data: { type: "object", properties: { left: { type: "integer" } }, required: ["left"] } },
    },
  },
  "file/find": { type: "request", param: { type: "string" }, result: { type: "string" } },
  "numbers/count": { type: "stream", param: count, receive: count, result: count },
  "bytes/pour": {
    type: "stream",
    param: {
      type: "object",
      properties: { key, size: count, count },
      required: ["key", "size", "count"],
      additionalProperties: false,
    },
    receive: bytes,
    result: count,
  },
  "text/echo": { type: "channel", send: { type: "string" }, receive: { type: "string" }, result: count },
  "files/upload": {
    type: "channel",
    send: bytes,
    result: { type: "object", properties: { bytes: count, sum: count }, required: ["bytes", "sum"] },
  },
  "note/say": {
    type: "event",
    data: { type: "object", properties: { key, text: { type: "string" } }, required: ["key", "text"] },
  },
  /** Runs until its signal aborts. */
  "hold/request": { type: "request", param: scene, result: { type: "string" } },
  "hold/stream": { type: "stream", param: scene, receive: count, result: { type: "string" } },
  /** Items that the scene's handler has written. */
  "scene/written": { type: "request", param: scene, result: count },
  /** Each of these answers once there is something to say. */
  "scene/started": { type: "request", param: scene },
  "scene/said": { type: "request", param: scene, result: { type: "string" } },
  "scene/ended": { type: "request", param: scene, result: { type: "string" } },
} as const satisfies ProtocolDefinition;

export type SuiteProtocol = typeof protocol;
