/**
 * Every limit and time of a peer with its unit, default and reason; {@link resolveLimits} fills and checks them once.
 *
 * Nothing is buffered, counted or awaited without a bound from this file.
 */

/** Bounds on size and number. All can be set; none can be switched off. */
export interface Limits {
  /**
   * Payload bytes of one message, after reassembly. Default 4 MiB; at most 15 MiB, and half of `maxBuffered`. What is larger
   * belongs into a stream or channel of pieces.
   */
  readonly maxMessage: number;
  /** Pieces of one message. Default 4,096. */
  readonly maxFragments: number;
  /** Levels of arrays and objects in a decoded value. Default 64. */
  readonly maxDepth: number;
  /** Values inside a decoded value: members, elements and itself. Default 100,000. */
  readonly maxNodes: number;
  /** Bytes of a call's metadata (as JSON, at most 64 entries). Default 8 KiB; at most 8 KiB. */
  readonly maxMetadata: number;
  /** Bytes of a procedure's name. Default and most 255 (its length is one byte on the wire). */
  readonly maxName: number;
  /** Bytes that a call may send before its reader has taken any. Default 64 KiB. */
  readonly window: number;
  /** Bytes to which the window of a fast reader grows. Default 1 MiB; at most 8 MiB. */
  readonly maxWindow: number;
  /** Bytes that a session buffers, both for its readers and for un-awaited writes. Default 8 MiB. */
  readonly maxBuffered: number;
  /** Calls that the peer may have open in a session. Default 1,024. */
  readonly maxCalls: number;
  /** Handlers that run at once in a session; and for all calls of a server that come without a session. Default 256. */
  readonly maxConcurrentHandlers: number;
  /** Calls that wait at the caller until the peer has room. Default 1,024. */
  readonly maxQueue: number;
  /** Detached sessions that a server keeps. Default 10,000. */
  readonly maxSessions: number;
  /** Detached sessions of one identity. Default 100. */
  readonly maxSessionsPerIdentity: number;
  /** Links that a server has open. Default 10,000. */
  readonly maxConnections: number;
  /** Calls refused or aborted, resumes in vain, or frames without effect, that end the session. Default 100 in 10 s. */
  readonly abuseRate: Rate;
}

/** `events` in any `perMs` milliseconds. */
export interface Rate {
  readonly events: number;
  readonly perMs: number;
}

/** Times, in milliseconds. */
export interface Timings {
  /** From an accepted link to its HELLO, and from HELLO to WELCOME. Default 5 s. */
  readonly handshakeTimeout: number;
  /** Silence after which a PING is due; sooner if the peer says so. Default 15 s. */
  readonly heartbeat: number;
  /** Silence after which a link is dead. Default 30 s; above `heartbeat`. */
  readonly deadAfter: number;
  /** How long a call waits for its lost peer, and how long `dispose()` waits for running calls. Default 30 s. */
  readonly graceMs: number;
  /** How long a peer may stand still in the middle of a frame, or of a message that memory is reserved for. Default 30 s. */
  readonly stallTimeout: number;
  /** How long `drain()` lets running calls finish. Default 30 s. */
  readonly drainTimeout: number;
  /** The longest deadline a call may have. Default 24 h. */
  readonly maxDeadline: number;
}

export interface LimitOptions extends Partial<Timings> {
  readonly limits?: Partial<Limits> | undefined;
}

/** Complete and checked: inner code never asks whether a limit is set. */
export interface ResolvedLimits extends Limits, Timings {}

const KiB = 1024;
const MiB = 1024 * KiB;

/** The largest payload of one frame. Fixed by docs/wire.md §3. */
export const maxFramePayload: number = 64 * KiB;
/** The largest value of a frame's length field. Fixed by docs/wire.md §3. */
export const maxFrameLength: number = 80 * KiB;
/** What a message costs beyond its payload, so that empty ones are not free. Fixed by docs/wire.md §2. */
export const messageOverhead = 64;
/** The smallest piece of a message that is cut. Fixed by docs/wire.md §3. */
export const minPiece: number = KiB;
/** The window that is always there for every call, smallest and largest. Fixed by docs/wire.md §4.1. */
export const minFloor: number = KiB;
export const maxFloor: number = 8 * KiB;
/** How far a limit may lie beyond what was received. Fixed by docs/wire.md §4.2. */
export const maxGrantAhead: number = 16 * MiB;
/** Entries of a call's metadata. Fixed by docs/wire.md §3.2. */
export const maxMetadataEntries = 64;
/** Bytes of a declared error's data. Fixed by docs/wire.md §3. */
export const maxErrorData: number = 16 * KiB;

interface Bound {
  readonly default: number;
  readonly min: number;
  readonly max: number;
}

const sizes: Record<Exclude<keyof Limits, "abuseRate">, Bound> = {
  maxMessage: { default: 4 * MiB, min: KiB, max: 15 * MiB },
  maxFragments: { default: 4096, min: 1, max: 2 ** 31 - 1 },
  maxDepth: { default: 64, min: 1, max: 1024 },
  maxNodes: { default: 100_000, min: 1, max: 2 ** 31 - 1 },
  maxMetadata: { default: 8 * KiB, min: 0, max: 8 * KiB },
  maxName: { default: 255, min: 1, max: 255 },
  window: { default: 64 * KiB, min: KiB, max: 8 * MiB },
  maxWindow: { default: MiB, min: KiB, max: 8 * MiB },
  maxBuffered: { default: 8 * MiB, min: 64 * KiB, max: 2 ** 40 },
  maxCalls: { default: 1024, min: 1, max: 2 ** 24 },
  maxConcurrentHandlers: { default: 256, min: 1, max: 2 ** 24 },
  maxQueue: { default: 1024, min: 0, max: 2 ** 24 },
  maxSessions: { default: 10_000, min: 0, max: 2 ** 24 },
  maxSessionsPerIdentity: { default: 100, min: 0, max: 2 ** 24 },
  maxConnections: { default: 10_000, min: 1, max: 2 ** 24 },
};

const times: Record<keyof Timings, Bound> = {
  handshakeTimeout: { default: 5_000, min: 1, max: 600_000 },
  heartbeat: { default: 15_000, min: 10, max: 3_600_000 },
  deadAfter: { default: 30_000, min: 20, max: 7_200_000 },
  graceMs: { default: 30_000, min: 0, max: 86_400_000 },
  stallTimeout: { default: 30_000, min: 10, max: 3_600_000 },
  drainTimeout: { default: 30_000, min: 0, max: 86_400_000 },
  maxDeadline: { default: 86_400_000, min: 1, max: 2 ** 32 - 1 },
};

const defaultAbuseRate: Rate = { events: 100, perMs: 10_000 };

/**
 * Fills in defaults and checks ranges.
 *
 * @throws {RangeError} for a value out of its range, or two that contradict each other; {@link TypeError} for an unknown name.
 */
export function resolveLimits(options: LimitOptions = {}): ResolvedLimits {
  const given = options.limits ?? {};
  for (const name of Object.keys(given)) {
    if (name !== "abuseRate" && !Object.hasOwn(sizes, name))
      throw new TypeError(`Unknown limit limits.${name}`);
  }
  const { events, perMs } = given.abuseRate ?? defaultAbuseRate;
  const limits = {
    ...pick(sizes, given, "limits."),
    ...pick(times, options, ""),
    abuseRate: {
      events: within("limits.abuseRate.events", events, { default: 0, min: 1, max: 2 ** 31 - 1 }),
      perMs: within("limits.abuseRate.perMs", perMs, { default: 0, min: 1, max: 86_400_000 }),
    },
  };
  // What a message costs beyond its payload always fits the floor.
  if (limits.maxMessage > limits.maxBuffered / 2) {
    throw new RangeError(
      `limits.maxMessage ${limits.maxMessage} needs limits.maxBuffered of at least ${2 * limits.maxMessage}, it is ${limits.maxBuffered}`,
    );
  }
  if (limits.maxCalls * minFloor > limits.maxBuffered / 4) {
    throw new RangeError(
      `limits.maxCalls ${limits.maxCalls} needs limits.maxBuffered of at least ${4 * minFloor * limits.maxCalls}, it is ${limits.maxBuffered}`,
    );
  }
  if (limits.maxWindow < limits.window) {
    throw new RangeError(`limits.maxWindow ${limits.maxWindow} is below limits.window ${limits.window}`);
  }
  if (limits.deadAfter <= limits.heartbeat) {
    throw new RangeError(`deadAfter ${limits.deadAfter} must be above heartbeat ${limits.heartbeat}`);
  }
  return limits;
}

function pick<Name extends string>(
  bounds: Record<Name, Bound>,
  given: { readonly [name in Name]?: unknown },
  prefix: string,
): Record<Name, number> {
  const picked = {} as Record<Name, number>;
  for (const name of Object.keys(bounds) as Name[]) {
    picked[name] = within(prefix + name, given[name] ?? bounds[name].default, bounds[name]);
  }
  return picked;
}

function within(name: string, value: unknown, { min, max }: Bound): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`${name} must be a whole number from ${min} to ${max}, it is ${String(value)}`);
  }
  return value;
}
