/**
 * How soon a silent link is asked and given up, when both sides have said how soon they would ask.
 *
 * Spec: docs/wire.md §3.1, §4.10. Times: docs/limits.md.
 */

export interface HeartbeatTimes {
  /** Silence after which a PING is due, ms. */
  readonly heartbeat: number;
  /** Silence after which the link is dead, ms. */
  readonly deadAfter: number;
}

/** No peer can make this side ask more often, ms: each PING is work for both. */
const leastHeartbeat = 1_000;
/** No peer can make this side wait less for an answer, ms: it may be computing. */
const leastAnswer = 5_000;

/**
 * `own` times, hastened by a peer that asks after `said` ms: PINGs go out as soon as those of the hastier side, and the time for an answer
 * shrinks likewise. Nothing ever takes longer than this side alone would have it.
 */
export function agreedHeartbeat(
  { heartbeat, deadAfter }: HeartbeatTimes,
  said: number | undefined,
): HeartbeatTimes {
  const agreed = Math.min(heartbeat, Math.max(leastHeartbeat, said ?? heartbeat));
  const answer = deadAfter - heartbeat;
  const agreedAnswer = Math.min(answer, Math.max(leastAnswer, Math.ceil((answer * agreed) / heartbeat)));
  return { heartbeat: agreed, deadAfter: agreed + agreedAnswer };
}
