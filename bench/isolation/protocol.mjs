// What the attacked server serves.
const person = {
  type: "object",
  properties: {
    id: { type: "number" },
    name: { type: "string" },
    tags: { type: "array", items: { type: "string" } },
  },
  required: ["id", "name", "tags"],
  additionalProperties: false,
};
const bytes = { type: "string", contentEncoding: "base64" };

export const protocol = {
  ask: { type: "request", param: person, result: person },
  wait: { type: "request", param: { type: "integer" } },
  size: { type: "request", param: bytes, result: { type: "integer" } },
  pour: { type: "stream", receive: bytes },
};
