/**
 * Cases of the conformance list that the transport suite does not run yet, each with what it waits for.
 */

export interface LaterCase {
  readonly id: string;
  readonly title: string;
  readonly reason: string;
}

const silence = "heartbeats are tested with sessions; nothing bounds a stall inside a message yet";

export const laterCases: readonly LaterCase[] = [
  { id: "LM-9", title: "heartbeat, deadAfter and stallTimeout", reason: silence },
];
