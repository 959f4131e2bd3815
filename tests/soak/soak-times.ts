/**
 * The times of the soak's servers and clients: short enough that what dies is noticed often, long enough that a busy machine is not taken for a dead one.
 * Node takes one connection per turn of its loop: a crowd that comes again after half a second would keep a slow server among those that have left already.
 */
export const soakTimes = {
  heartbeat: 2_000,
  deadAfter: 6_000,
  graceMs: 45_000,
  handshakeTimeout: 8_000,
  drainTimeout: 2_000,
} as const;
