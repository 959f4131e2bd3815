/**
 * The calls of a peer whom this side serves none: each is refused with UNIMPLEMENTED.
 */
import { SluiceError } from "../errors/sluice-error.ts";
import type { OpenFrame } from "../frame/frame.ts";
import type { CallHost } from "./call-host.ts";
import type { CallTable } from "./call-table.ts";
import { refusalParts } from "./error-parts.ts";
import type { PeerCalls } from "./peer-calls.ts";
import { Refusals } from "./refusals.ts";

const none = Object.freeze([]);

/** Makes them, for a session. */
export function refuseCalls(host: CallHost, table: CallTable<{ readonly id: number }>): PeerCalls {
  const refusals = new Refusals(host);
  return {
    opened: 0,
    running: 0,
    handlers: none,
    detached: 0,
    detachedCalls: none,
    refuse() {},
    wasRefused: (id) => refusals.has(id),
    onOpen({ call }: OpenFrame) {
      table.admit(call);
      const error = new SluiceError("UNIMPLEMENTED", "This client serves no calls", { processed: "no" });
      refusals.add(call, refusalParts(error), true);
    },
    onDone: (id) => refusals.delete(id),
    onRest() {},
    detach: () => refusals.clear(),
    lost() {},
    over() {},
  };
}
