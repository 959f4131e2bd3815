/**
 * What a pipe can be told, with defaults and ranges.
 */
import { type Clock, systemClock } from "@sluice/protocol/wire";

export interface PipeOptions {
  /** Bytes of a frame's payload: what is written is cut into such frames, what arrives must not be larger. Default 10 MiB. */
  readonly maxPayload?: number;
  /** Bytes of an arriving frame's metadata. Default 64 KiB; below 16 MiB. */
  readonly maxMetadata?: number;
  /** Milliseconds between two pings; a peer that is silent for that long after one is lost. `false`: none are sent. Default 15 s. */
  readonly pingInterval?: number | false;
  /** For tests. Default: the system's. */
  readonly clock?: Clock;
}

const defaultMaxPayload = 10 * 1024 * 1024;
const defaultMaxMetadata = 64 * 1024;
/** Metadata lengths begin with a 0 byte, by which a stranger is told apart. */
const mostMetadata = 2 ** 24 - 1;
/** Options with defaults. @throws {RangeError} */
export function checkPipeOptions(options: PipeOptions): Required<PipeOptions> {
  const {
    maxPayload = defaultMaxPayload,
    maxMetadata = defaultMaxMetadata,
    pingInterval = 15_000,
    clock = systemClock,
  } = options;
  within("maxPayload", maxPayload, 1, 2 ** 31 - 1);
  within("maxMetadata", maxMetadata, 64, mostMetadata);
  if (pingInterval !== false) within("pingInterval", pingInterval, 1, 2 ** 31 - 1);
  return { maxPayload, maxMetadata, pingInterval, clock };
}

function within(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new RangeError(`${name} is a whole number from ${min} to ${max}, not ${value}`);
}
