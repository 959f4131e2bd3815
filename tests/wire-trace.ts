/** The frames that pass through a fault proxy, each with its time, read by a decoder that knows nothing but docs/wire.md. */
import { decodeRaw, type FaultProxy, type RawFrame, rawJoin, type Way } from "@sluice/protocol/testing";
import type { Clock } from "@sluice/protocol/wire";

/** A frame at the moment in which its last byte leaves the proxy: it arrives then. */
export interface TracedFrame {
  /** The number of its connection, from 1. */
  readonly connection: number;
  readonly way: Way;
  /** From the beginning of its connection, ms. */
  readonly arrivesAt: number;
  readonly frame: RawFrame;
}

export class WireTrace {
  readonly frames: TracedFrame[] = [];
  /** Told of every frame. */
  onFrame: ((traced: TracedFrame) => void) | undefined;

  constructor(proxy: FaultProxy, clock: Clock) {
    const beginnings = new Map<number, number>();
    const rests = new Map<string, Uint8Array>();
    proxy.on("connected", ({ number }) => void beginnings.set(number, clock.now()));
    proxy.on("passed", ({ connection: { number }, way, chunk }) => {
      const lane = `${number} ${way}`;
      const { frames, rest } = decodeRaw(rawJoin(rests.get(lane) ?? new Uint8Array(), chunk));
      rests.set(lane, rest);
      const arrivesAt = clock.now() - (beginnings.get(number) ?? Number.NaN);
      for (const frame of frames) this.#add({ connection: number, way, arrivesAt, frame });
    });
  }

  /** Those of a type that passed one way on a connection, in order. */
  on(connection: number, way: Way, type: number): TracedFrame[] {
    return this.frames.filter(
      (traced) => traced.connection === connection && traced.way === way && traced.frame.type === type,
    );
  }

  #add(traced: TracedFrame): void {
    this.frames.push(traced);
    this.onFrame?.(traced);
  }
}
