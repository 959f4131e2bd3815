/**
 * The param of a call that the peer opened, as far as its OPEN brings it: judged by size and limit, whole or its first piece.
 *
 * Spec: docs/wire.md §3.2, §4.1 "Initial limits".
 */
import { SluiceError } from "../errors/sluice-error.ts";
import type { OpenFrame } from "../frame/frame.ts";
import { maxFramePayload, maxGrantAhead, messageOverhead } from "../limits.ts";
import type { CallHost } from "./call-host.ts";
import type { Intake } from "./intake.ts";
import { checkMessage, type WholeMessage } from "./reassembly.ts";

/**
 * Opens the caller's direction, of which `intake` is `undefined` if the OPEN is all of it. Returns the param, or nothing when the
 * rest of it is still to come.
 * @throws {SluiceError} for what ends the session: `FLOW_CONTROL_ERROR`, `FRAME_TOO_LARGE`, `PROTOCOL_ERROR`
 */
export function openParam(
  open: OpenFrame,
  intake: Intake | undefined,
  host: CallHost,
): WholeMessage | undefined {
  if (open.window > maxGrantAhead) {
    throw flowError(`OPEN allows ${open.window}, at most ${maxGrantAhead} are allowed`);
  }
  if (open.more) {
    openInside(open, intake as Intake, host.budget.floor);
    return undefined;
  }
  const { payload, start, end, raw } = open;
  const length = host.isStructured ? open.total : end - start;
  checkMessage(length, host.limits.maxMessage);
  const reached = messageOverhead + length;
  const allowed = Math.min(host.limits.window, maxFramePayload);
  if (reached > allowed && reached > host.budget.floor) {
    throw flowError(`A param reaches ${reached}, ${allowed} are allowed in an OPEN`);
  }
  intake?.window.open(reached);
  if (!open.halfClosed) intake?.creditRaised();
  // Not the frame itself: what it refers to shall not live as long as the call.
  return { payload, start, end, raw };
}

/** Takes the first piece, and asks for room for the rest. */
function openInside(open: OpenFrame, intake: Intake, floor: number): void {
  const { window, arrivals } = intake;
  window.open();
  arrivals.addParam(open);
  if (window.received > floor) {
    throw flowError(`A param starts with ${window.received}, ${floor} are allowed`);
  }
  const raised = window.reserve(arrivals.unfinishedEnd as number, () => intake.creditRaised());
  // Also what was lent: the caller knows of the floor only.
  if (raised || window.limit > floor) intake.creditRaised();
}

function flowError(message: string): SluiceError {
  return new SluiceError("FLOW_CONTROL_ERROR", message);
}
