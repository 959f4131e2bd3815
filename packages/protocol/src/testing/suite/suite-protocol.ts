/**
 * What the peers of the transport suite serve each other: one procedure for each thing that a case needs.
 */
import type { ProtocolDefinition } from "../../definition/protocol-definition.ts";

const bytes = { type: "string", contentEncoding: "base64" } as const;
const count = {
  type: "object",
  properties: { n: { type: "integer", minimum: 0 } },
  required: ["n"],
  additionalProperties: false,
} as const;
const record = {
  type: "object",
  properties: { name: { type: "string" }, data: bytes },
  required: ["name", "data"],
  additionalProperties: false,
} as const;

export const suiteProtocol: ProtocolDefinition = {
  /** Neither param nor result. */
  nothing: { type: "request" },
  /** Anything both ways. */
  ask: { type: "request", param: {}, result: {} },
  /** Byte strings both ways. */
  askBytes: { type: "request", param: bytes, result: bytes },
  /** Both ways an object with a byte string inside. */
  askRecord: { type: "request", param: record, result: record },
  /** Strict both ways, with a declared error. */
  askCount: {
    type: "request",
    param: count,
    result: count,
    errors: {
      NO_STOCK: { data: { type: "object", properties: { left: { type: "integer" } }, required: ["left"] } },
    },
  },
  /** Items of anything. */
  watch: { type: "stream", param: {}, receive: {}, result: {} },
  /** Items that are byte strings. */
  watchBytes: { type: "stream", param: {}, receive: bytes, result: {} },
  /** Items of anything, both ways. */
  talk: { type: "channel", param: {}, send: {}, receive: {}, result: {} },
  /** Items that are byte strings, both ways. */
  talkBytes: { type: "channel", param: {}, send: bytes, receive: bytes, result: {} },
  /** Items from the caller only. */
  upload: { type: "channel", param: {}, send: bytes, result: {} },
  /** No reply. */
  note: { type: "event", data: {} },
};
