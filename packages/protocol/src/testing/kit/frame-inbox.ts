/**
 * The frames that came to our raw end and that no step has asked for yet.
 */
import { systemClock } from "../../clock.ts";
import type { RawFrame } from "../raw/raw-frame.ts";
import type { RawPeer } from "../raw/raw-peer.ts";

/** How often it is looked for what came, ms. */
const lookEveryMs = 2;

export class FrameInbox {
  readonly #raw: RawPeer;
  readonly #taken = new Set<RawFrame>();

  constructor(raw: RawPeer) {
    this.#raw = raw;
  }

  /** The first frame of these types (and call) that nobody has taken, as soon as it is there; `undefined` if none comes within the time, or the link ends. */
  async next(
    types: readonly number[],
    call: number | undefined,
    patienceMs: number,
  ): Promise<RawFrame | undefined> {
    const giveUpAt = systemClock.now() + patienceMs;
    for (;;) {
      const { isClosed } = this.#raw;
      const found = this.#raw.received.find(
        (one) =>
          types.includes(one.type) && (call === undefined || one.call === call) && !this.#taken.has(one),
      );
      if (found !== undefined) this.#taken.add(found);
      if (found !== undefined || isClosed || systemClock.now() >= giveUpAt) return found;
      await pause(lookEveryMs);
    }
  }

  /** Whether the link ends within the time. */
  async isEndedWithin(patienceMs: number): Promise<boolean> {
    const giveUpAt = systemClock.now() + patienceMs;
    while (!this.#raw.isClosed && systemClock.now() < giveUpAt) await pause(lookEveryMs);
    return this.#raw.isClosed;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void systemClock.setTimer(ms, resolve));
}
