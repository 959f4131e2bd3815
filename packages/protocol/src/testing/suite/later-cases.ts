/**
 * Cases of the conformance list that the transport suite does not run yet, each with what it waits for.
 */

export interface LaterCase {
  readonly id: string;
  readonly title: string;
  readonly reason: string;
}

export const laterCases: readonly LaterCase[] = [
  {
    id: "FC-8",
    title: "a grant that is lost is made good",
    reason: "on a living link none can be lost, and the next link begins with all that was granted",
  },
  {
    id: "FC-14",
    title: "a slow reader behind SSE or WebSocket",
    reason: "needs those transports, which are not there yet; they will run FC-1 to FC-13",
  },
];
