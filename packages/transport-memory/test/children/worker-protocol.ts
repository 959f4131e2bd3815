/** What the worker of these tests serves. */
import type { MessagePort } from "node:worker_threads";
import type { ProtocolDefinition } from "@sluice/protocol";

/** How a thread is freed that `block` keeps busy. */
export interface Gate {
  /** Not 0: free. */
  readonly open: Int32Array<SharedArrayBuffer>;
  /** Told when the thread is busy. */
  readonly port: MessagePort;
}

const bytes = { type: "string", contentEncoding: "base64" } as const;

export const workerProtocol = {
  add: {
    type: "request",
    param: { type: "array", prefixItems: [{ type: "number" }, { type: "number" }], minItems: 2 },
    result: { type: "number" },
  },
  echo: { type: "request", param: bytes, result: bytes },
  sum: { type: "request", param: bytes, result: { type: "number" } },
  pour: {
    type: "stream",
    param: { type: "integer" },
    receive: { type: "object", properties: { n: { type: "integer" }, text: { type: "string" } } },
    result: { type: "integer" },
  },
  /** How many items `pour` has written. */
  poured: { type: "request", result: { type: "integer" } },
  /** Keeps the thread busy until it is freed. */
  block: { type: "event" },
} as const satisfies ProtocolDefinition;

/** How long the worker keeps a session that has lost its link. */
export const graceMs = 1_000;
