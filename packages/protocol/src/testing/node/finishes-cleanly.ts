/**
 * Proves that some work leaves nothing behind in its process: no handle, timer, listener, warning or lost rejection.
 *
 * Timers are all that are set by the global functions, unref'd or not; listeners are those of the emitters that it is given.
 */
import type { EventEmitter } from "node:events";
import { watchTimers } from "./watch-timers.ts";

export interface CleanFinishOptions {
  /** Emitters whose listeners must be the same as before: sockets, servers, the process… Default: the process. */
  readonly emitters?: readonly EventEmitter[];
  /** Numbers of one's own by name, such as open sessions. One that has grown is a leak. */
  readonly counters?: Readonly<Record<string, () => number>>;
  /** How long what is closing may take, ms. Default 1,000. */
  readonly settleMs?: number;
}

/** What was left behind, one line each. */
export class LeakError extends Error {
  override readonly name = "LeakError";
  readonly leaks: readonly string[];

  constructor(leaks: readonly string[]) {
    super(`The work left behind:\n  ${leaks.join("\n  ")}`);
    this.leaks = leaks;
  }
}

/** Runs `work` and gives its result. Rejects with a {@link LeakError} if something is left behind, with what `work` throws if it does. */
export async function finishesCleanly<Result>(
  work: () => Promise<Result> | Result,
  options: CleanFinishOptions = {},
): Promise<Result> {
  const { emitters = [process], counters = {}, settleMs = 1_000 } = options;
  const trouble = new TroubleWatch();
  const before = inventory(emitters, counters);
  try {
    const result = await work();
    const leaks = await whatStays(before, () => inventory(emitters, counters), settleMs);
    const found = [...trouble.seen, ...leaks];
    if (found.length > 0) throw new LeakError(found);
    return result;
  } finally {
    trouble.stop();
  }
}

/** Hears what the process itself complains about. */
class TroubleWatch {
  readonly seen: string[] = [];
  readonly #handlers: readonly (readonly [string, (reason: unknown) => void])[];

  constructor() {
    const hear = (what: string) => (reason: unknown) => {
      this.seen.push(
        `${what}: ${reason instanceof Error ? `${reason.name}: ${reason.message}` : String(reason)}`,
      );
    };
    this.#handlers = ["unhandledRejection", "uncaughtExceptionMonitor", "warning"].map((name) => [
      name,
      hear(name),
    ]);
    for (const [name, handler] of this.#handlers) process.on(name, handler);
  }

  stop(): void {
    for (const [name, handler] of this.#handlers) process.removeListener(name, handler);
  }
}

type Inventory = ReadonlyMap<string, number>;

/** What keeps the process alive or grows in it, by name. */
function inventory(
  emitters: readonly EventEmitter[],
  counters: Readonly<Record<string, () => number>>,
): Inventory {
  const found = new Map<string, number>();
  const count = (name: string, by: number): void => {
    found.set(name, (found.get(name) ?? 0) + by);
  };
  count("timers that are set", watchTimers()());
  for (const resource of process.getActiveResourcesInfo()) count(`resource ${resource}`, 1);
  for (const [at, emitter] of emitters.entries()) {
    for (const event of emitter.eventNames()) {
      count(
        `listener of ${emitter.constructor.name} ${at} for ${String(event)}`,
        emitter.listenerCount(event),
      );
    }
  }
  for (const [name, read] of Object.entries(counters)) count(`counter ${name}`, read());
  return found;
}

/** A rejection counts as lost, and a warning is heard, some rounds of the event loop after it arose. */
const fewestRounds = 3;

/** Lets what is closing close, round by round, until nothing more is there than before. */
async function whatStays(
  before: Inventory,
  look: () => Inventory,
  settleMs: number,
): Promise<readonly string[]> {
  const until = performance.now() + settleMs;
  let leaks: readonly string[] = [];
  for (let round = 0; round < fewestRounds || (leaks.length > 0 && performance.now() < until); round++) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
    leaks = difference(before, look());
  }
  return leaks;
}

/** Resources that exist only while this file itself looks around. */
const ownResources = new Set(["resource Immediate", "resource TickObject"]);

function difference(before: Inventory, after: Inventory): string[] {
  return [...after]
    .filter(([name, count]) => !ownResources.has(name) && count > (before.get(name) ?? 0))
    .map(([name, count]) => `${name} (${before.get(name) ?? 0} before, ${count} after)`);
}
