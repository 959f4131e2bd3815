/** Cases of keywords for bytes, which a schema calls a string in base64. */
import type { KeywordCase } from "../keyword-case.ts";
import { bytes } from "./small-schemas.ts";

export const bytesCases: readonly KeywordCase[] = [
  {
    name: "bytes",
    schema: bytes,
    valid: [new Uint8Array(0), new Uint8Array([1, 2, 3]), new Uint8Array(8).subarray(2, 4)],
    invalid: [
      ["AAAA", "", "type", "must be bytes"],
      [[1, 2], "", "type", "must be bytes"],
      [new Uint8ClampedArray(1), "", "type", "must be bytes"],
      [new Uint16Array(1), "", "type", "must be bytes"],
      [new ArrayBuffer(1), "", "type", "must be bytes"],
      [undefined, "", "type", "must be bytes"],
    ],
  },
  {
    name: "minLength and maxLength of bytes count bytes",
    schema: {
      type: "object",
      properties: { data: { ...bytes, minLength: 1, maxLength: 2 } },
      additionalProperties: false,
    },
    valid: [{}, { data: new Uint8Array(1) }, { data: new Uint8Array(2) }],
    invalid: [
      [{ data: new Uint8Array(0) }, "/data", "minLength", "must have 1 or more bytes"],
      [{ data: new Uint8Array(3) }, "/data", "maxLength", "must have 2 or fewer bytes"],
      [{ data: "AA==" }, "/data", "type", "must be bytes"],
    ],
  },
  {
    name: "bytes in items, maps and branches",
    schema: {
      type: "array",
      items: { anyOf: [bytes, { type: "object", additionalProperties: bytes }, { type: "null" }] },
    },
    valid: [[new Uint8Array(1), null, { a: new Uint8Array(0) }, {}]],
    invalid: [
      [[1], "/0", "anyOf", "must be bytes or object or null"],
      [[{ a: 1 }], "/0/a", "type", "must be bytes"],
    ],
  },
  {
    name: "bytes are no object in a oneOf",
    schema: { oneOf: [bytes, { type: "object" }] },
    valid: [new Uint8Array(3), {}],
    invalid: [[[], "", "oneOf", "must be bytes or object"]],
  },
];
