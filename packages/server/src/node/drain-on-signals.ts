/**
 * Drains a server when the process is told to end, by a signal; a second signal ends it at once.
 */
import { constants } from "node:os";
import process from "node:process";
import { checkOptionNames, optionPaths, resolveLimits } from "@sluice/protocol/wire";
import type { DrainOptions } from "../server.ts";

/** A server, or several behind one `drain()`. */
export interface Drainable {
  /** Resolves with whether nothing had to be cut off. */
  drain(options?: DrainOptions): Promise<boolean>;
}

export interface DrainOnSignalsOptions extends DrainOptions {
  /** Default: `SIGTERM` and `SIGINT`. */
  readonly signals?: readonly NodeJS.Signals[];
  /**
   * Ends the process once the server has drained: `code` is 0 if all calls have ended by themselves, 1 if some had to be cut off.
   * Default: after 0 the process is left to end by itself, when nothing holds it any more; after 1 it is ended, since what was cut
   * off may hold it.
   */
  readonly exit?: (code: 0 | 1) => void;
}

const names: Record<keyof DrainOnSignalsOptions, true> = {
  signals: true,
  timeout: true,
  retry: true,
  exit: true,
};
const paths = optionPaths(names);

/**
 * Drains `server` at the first of `signals`; at the second the process ends at once, with 128 + the signal's number as its code.
 *
 * Returns what takes the handlers off; a drain that has begun goes on. They are taken off after the drain, too: a signal does then
 * what it does by default. Windows knows no SIGTERM.
 * @throws {TypeError} for unknown options; {@link RangeError} for a `timeout` or `retry` that `drainTimeout` could not be
 */
export function drainOnSignals(server: Drainable, options: DrainOnSignalsOptions = {}): () => void {
  checkOptionNames("drainOnSignals()", options, paths);
  const { signals = ["SIGTERM", "SIGINT"], exit = leave, timeout, retry } = options;
  for (const ms of [timeout, retry]) if (ms !== undefined) resolveLimits({ drainTimeout: ms });
  let isDraining = false;
  const drain = async (): Promise<void> => {
    const isWhole = await server.drain({
      ...(timeout === undefined ? {} : { timeout }),
      ...(retry === undefined ? {} : { retry }),
    });
    off();
    exit(isWhole ? 0 : 1);
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (isDraining) process.exit(128 + constants.signals[signal]);
    isDraining = true;
    // Should it reject, the process ends as it does for any rejection that nobody handles.
    void drain();
  };
  const off = (): void => {
    for (const signal of signals) process.off(signal, onSignal);
  };
  for (const signal of signals) process.on(signal, onSignal);
  return off;
}

function leave(code: 0 | 1): void {
  if (code !== 0) process.exit(code);
}
