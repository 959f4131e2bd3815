/**
 * What a fault proxy needs of either side of a connection: bytes come from it, and go to it.
 */

/** What a side tells. */
export interface ProxyEndEvents {
  data(chunk: Uint8Array): void;
  /** All that was written has left. */
  drained(): void;
  /** It says nothing more, and still listens. */
  ended(): void;
  /** It is over, for whatever reason. Exactly once; nothing follows. */
  closed(): void;
}

export interface ProxyEnd {
  /** Starts reading; called once, before all else. */
  start(events: ProxyEndEvents): void;
  /** Writes `chunk`, once all before has left. Returns whether it has left; else `drained` follows. */
  write(chunk: Uint8Array): boolean;
  /** Says that nothing follows; goes on reading. */
  end(): void;
  /** Ends both directions at once. */
  destroy(): void;
  /** As {@link destroy}, in the way that the peer sees as an error, if there is one. */
  reset(): void;
  /** Reads no more until {@link resume}, so that the peer feels it. */
  pause(): void;
  resume(): void;
  /** Runs `task` in a later turn: what is written before and then arrives apart. */
  defer(task: () => void): void;
}
