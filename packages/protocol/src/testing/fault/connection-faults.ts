/**
 * What a fault proxy does to the bytes of a connection, each way, with units and defaults.
 */

/** A way through a proxy: from the client to the server, or back. */
export type Way = "toServer" | "toClient";

export const ways: readonly Way[] = ["toServer", "toClient"];

/** What becomes of bytes that do not pass: kept, and passed on once it is healed, as TCP would; or lost. */
export type Blackhole = "hold" | "swallow";

/** What is done to bytes that go one way on one connection. Offsets count from 0, where the connection began. */
export interface WayFaults {
  /** Milliseconds that each byte is on its way. Default 0. */
  readonly delayMs?: number;
  /** As much is added to or taken from `delayMs`, drawn anew for each chunk that comes; bytes stay in order. Default 0. */
  readonly jitterMs?: number;
  /** Bytes that pass in a second, evenly, each 20 ms or each byte. Default: any number. */
  readonly bytesPerSecond?: number;
  /**
   * Bytes are cut anew into slices of 1 to this many, drawn from the seed: each in a turn of the event loop of its own, and at the
   * same offsets however they came. 1: byte by byte. Default: they pass as they come.
   */
  readonly sliceBytes?: number;
  /** Offset of a byte of which every bit is inverted. Default: none. */
  readonly corruptAt?: number;
  /** Both sides are destroyed once exactly this many bytes have passed; 0: at once. Default: never. */
  readonly cutAt?: number;
  /** As `cutAt`, with a reset (RST) where the carrier knows one. Default: never. */
  readonly resetAt?: number;
  /** Nothing passes any more, and is held, once exactly this many bytes have passed. Default: never. */
  readonly blackholeAt?: number;
}

/** What is done to a connection. A way's own faults win over those for both. */
export interface ConnectionFaults extends Readonly<Partial<Record<Way, WayFaults>>> {
  readonly both?: WayFaults;
}

const never = Number.POSITIVE_INFINITY;

const noFaults: Required<WayFaults> = {
  delayMs: 0,
  jitterMs: 0,
  bytesPerSecond: never,
  sliceBytes: never,
  corruptAt: never,
  cutAt: never,
  resetAt: never,
  blackholeAt: never,
};

/**
 * What `faults` do one way, complete.
 * @throws {RangeError} for what is out of range
 */
export function completeFaults(faults: ConnectionFaults, way: Way): Required<WayFaults> {
  const complete = { ...noFaults, ...faults.both, ...faults[way] };
  for (const [name, value] of Object.entries(complete)) {
    if (isInRange(name as keyof WayFaults, value)) continue;
    throw new RangeError(`Cannot use ${String(value)} as ${name} of a fault proxy`);
  }
  return complete;
}

function isInRange(name: keyof WayFaults, value: number): boolean {
  if (name === "bytesPerSecond") return value > 0;
  if (name === "delayMs" || name === "jitterMs") return value >= 0 && value < never;
  const isWhole = value === never || Number.isSafeInteger(value);
  return isWhole && value >= (name === "sliceBytes" ? 1 : 0);
}
