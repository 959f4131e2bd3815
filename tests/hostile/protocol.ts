/** What the attacked server serves; one procedure for each thing that an attack needs. */
import type { ProtocolDefinition } from "@sluice/protocol";

const bytes = { type: "string", contentEncoding: "base64" } as const;

export const protocol = {
  /** Gives its param back. */
  echo: { type: "request", param: {}, result: {} },
  /** The length of a byte string. */
  measure: { type: "request", param: bytes, result: { type: "integer" } },
  /** Items of `bytes` each, without end. */
  pour: {
    type: "stream",
    param: { type: "object", properties: { bytes: { type: "integer" } }, required: ["bytes"] },
    receive: bytes,
    result: {},
  },
  /** Counts the items that come. */
  collect: { type: "channel", param: {}, send: {}, result: { type: "integer" } },
  /** Reads nothing and ends when it is told to. */
  hold: { type: "channel", param: {}, send: {}, receive: {}, result: {} },
  /** Ends when it is released, whatever its caller says. */
  ignore: { type: "channel", param: {}, send: {}, result: {} },
  /** Gives a value that no codec carries, by its name. */
  offer: { type: "request", param: { type: "string" }, result: {} },
  /** Keeps its param. */
  keep: { type: "request", param: {} },
  /** Gives what was kept, oldest first, and forgets it. */
  kept: { type: "request", result: { type: "array" } },
  /** Releases those that ignore everything else. */
  release: { type: "request", result: { type: "integer" } },
} as const satisfies ProtocolDefinition;

export type HostileProtocol = typeof protocol;
