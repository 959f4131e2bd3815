/** The times of the soak's servers and clients: short enough that what dies is noticed often, long enough that a busy machine is not taken for a dead one. */
export const soakTimes = {
  heartbeat: 2_000,
  deadAfter: 6_000,
  graceMs: 60_000,
  handshakeTimeout: 4_000,
  drainTimeout: 2_000,
} as const;
