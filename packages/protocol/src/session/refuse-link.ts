/**
 * Turns a peer away before it has a session: CLOSE with the reason, then the end of the link.
 *
 * Spec: docs/wire.md §3.1.
 */
import type { Clock } from "../clock.ts";
import type { SluiceError } from "../errors/sluice-error.ts";
import { type Frame, FrameType } from "../frame/frame.ts";
import type { Link } from "../link/link.ts";

/** How long a link that was refused may linger, ms: its peer may be reading. */
const lingerMs = 5_000;

/** Takes over `link`. `close`: what is sent, if it says more than `error` does. */
export function refuseLink(link: Link, error: SluiceError, clock: Clock, close?: Frame): void {
  const linger = clock.setTimer(lingerMs, () => link.destroy(), { background: true });
  link.receive({
    frame() {},
    malformed() {},
    flushing() {},
    writable() {},
    closed: () => linger.cancel(),
  });
  link.send(
    close ?? { type: FrameType.CLOSE, call: 0, code: error.code, reason: error.message.slice(0, 1000) },
  );
  link.close();
}
