/** The bounds and times of a model's client and servers. */

/** Small, so that everything runs into its bound. */
export const limits = {
  maxBuffered: 64 * 1024,
  maxMessage: 16 * 1024,
  window: 4_096,
  maxWindow: 8_192,
  maxCalls: 8,
  maxConcurrentHandlers: 3,
  maxQueue: 4,
  abuseRate: { events: 100_000, perMs: 1_000 },
} as const;

/** Short, too. */
export const times = {
  heartbeat: 1_000,
  deadAfter: 2_000,
  handshakeTimeout: 1_000,
  graceMs: 20_000,
  drainTimeout: 3_000,
} as const;
