/** What the camera offers: its frames, as a stream. */
import type { ProtocolDefinition } from "@sluice/protocol";

export const camera = {
  "frames/watch": {
    type: "stream",
    description: "Every frame from now on: `live` may skip some and is up to date, `recording` skips none",
    param: { enum: ["live", "recording"] },
    receive: {
      type: "object",
      properties: { number: { type: "integer" }, pixels: { type: "string", contentEncoding: "base64" } },
      required: ["number", "pixels"],
    },
  },
} as const satisfies ProtocolDefinition;
