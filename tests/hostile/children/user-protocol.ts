/** What the server whose user code fails serves; its clients serve `work`, too. */
import type { ProtocolDefinition } from "@sluice/protocol";

export const userProtocol = {
  echo: { type: "request", param: {}, result: {} },
  /** Fails as its metadata says. */
  work: { type: "request", param: {}, result: {} },
  /** Gives an item, and then fails as its metadata says. */
  items: { type: "stream", receive: {}, result: {} },
  /** Takes an item, and then fails as its metadata says. */
  upload: { type: "channel", send: {}, result: {} },
  /** Has the caller's own handler called. */
  callBack: { type: "request", result: {} },
} as const satisfies ProtocolDefinition;
