/** A protocol with every kind of procedure and every slot: what tests of the type layer use. */
import type { ProtocolDefinition } from "../../src/definition/protocol-definition.ts";

export const shop = {
  "orders/place": {
    type: "request",
    description: "Places an order",
    param: {
      type: "object",
      properties: { item: { type: "string" }, count: { type: "integer", default: 1 } },
      required: ["item"],
      additionalProperties: false,
    },
    result: { type: "object", properties: { id: { type: "string" } }, required: ["id"] },
    errors: {
      NO_STOCK: {
        data: { type: "object", properties: { left: { type: "integer" } }, required: ["left"] },
        retryable: true,
      },
      UNKNOWN_ITEM: { description: "There is no such item" },
      LIMITED: { data: true },
    },
    tags: ["orders"],
    examples: [{ item: "pen" }],
  },
  orders: { type: "request", result: { type: "array", items: { type: "string" } }, idempotent: true },
  "orders/watch": {
    type: "stream",
    param: { type: "object", properties: { status: { enum: ["open", "sent"] } } },
    receive: {
      oneOf: [
        {
          type: "object",
          properties: { kind: { const: "placed" }, seq: { type: "integer" }, id: { type: "string" } },
          required: ["kind", "seq", "id"],
        },
        {
          type: "object",
          properties: { kind: { const: "sent" }, seq: { type: "integer" } },
          required: ["kind", "seq"],
        },
      ],
    },
    result: { type: "object", properties: { seen: { type: "integer" } }, required: ["seen"] },
    cursor: "seq",
    errors: { TOO_OLD: { data: { type: "string" } } },
  },
  "prices/ticks": { type: "stream", receive: { type: "number" }, deprecated: true },
  "support/chat": {
    type: "channel",
    param: { type: "string" },
    send: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
    receive: { enum: ["typing", "read"] },
    result: { type: "null" },
  },
  "files/upload": {
    type: "channel",
    param: { type: "object", properties: { name: { type: "string" } }, required: ["name"] },
    send: { type: "string", contentEncoding: "base64" },
    result: { type: "integer" },
    errors: { TOO_LARGE: {} },
  },
  "files/download": {
    type: "channel",
    param: { type: "string" },
    receive: { type: "string", contentEncoding: "base64" },
  },
  "math/add": {
    type: "request",
    param: {
      type: "array",
      prefixItems: [{ type: "number" }, { type: "number" }],
      minItems: 2,
      items: false,
    },
    result: { type: "number" },
  },
  "math/sum": {
    type: "request",
    param: { type: "array", prefixItems: [{ type: "string" }], minItems: 1, items: { type: "number" } },
    result: { type: "number" },
  },
  "cart/clear": { type: "request" },
  "cart/any": { type: "stream", receive: true, result: true },
  "page/seen": {
    type: "event",
    data: { type: "object", properties: { url: { type: "string" } }, required: ["url"] },
  },
  "page/left": { type: "event" },
} as const satisfies ProtocolDefinition;

type ShopDefinition = typeof shop;

/** The same as a name: messages and declarations say `Shop`. */
export interface Shop extends ShopDefinition {}
