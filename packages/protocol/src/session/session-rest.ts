/**
 * Who waits until a session rests: until no call is left, none of this side's is, or no handler runs.
 *
 * Spec: docs/wire.md §4.15.
 */

/** What of a session goes on. */
export interface Activity {
  readonly isOver: boolean;
  /** Calls of both sides that are not over. */
  readonly openCalls: number;
  /** Whether a call of this side runs or waits. */
  readonly isCalling: boolean;
  /** Handlers that run for the peer; some outlive the session. */
  readonly runningHandlers: number;
}

export class SessionRest {
  readonly #activity: Activity;
  #idle: (() => void)[] | undefined;
  #done: (() => void)[] | undefined;
  #settled: (() => void)[] | undefined;

  constructor(activity: Activity) {
    this.#activity = activity;
  }

  /** Resolves when no call is left and no handler runs, or the session is over. */
  whenIdle(): Promise<void> {
    this.#idle ??= [];
    return this.#wait(this.#idle);
  }

  /** Resolves when the calls of this side have ended. */
  whenDone(): Promise<void> {
    this.#done ??= [];
    return this.#wait(this.#done);
  }

  /** Resolves when no handler runs. */
  whenSettled(): Promise<void> {
    this.#settled ??= [];
    return this.#wait(this.#settled);
  }

  /** Something has ended. */
  notice(): void {
    const { isOver, isCalling, openCalls, runningHandlers } = this.#activity;
    if (runningHandlers === 0) this.#settled = wake(this.#settled);
    if (!isOver && isCalling) return;
    this.#done = wake(this.#done);
    if (isOver || (openCalls === 0 && runningHandlers === 0)) this.#idle = wake(this.#idle);
  }

  #wait(waiting: (() => void)[]): Promise<void> {
    return new Promise((resolve) => {
      waiting.push(resolve);
      this.notice();
    });
  }
}

function wake(waiting: (() => void)[] | undefined): undefined {
  for (const resolve of waiting ?? []) resolve();
}
