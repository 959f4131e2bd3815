/** What the children of the tests serve, and what this side serves to them. */
import { defineProtocol } from "@sluice/protocol";

export const protocol = defineProtocol({
  add: {
    type: "request",
    param: { type: "array", items: { type: "number" } },
    result: { type: "number" },
  },
  count: {
    type: "stream",
    param: { type: "number" },
    receive: { type: "number" },
    result: { type: "string" },
  },
  flood: { type: "stream", receive: { type: "string", contentEncoding: "base64" } },
  fail: { type: "stream", param: { type: "string" }, receive: { type: "number" } },
  produced: { type: "event", data: { type: "number" } },
});
