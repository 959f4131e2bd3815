/**
 * A world whose time is a fake clock: nothing happens in it unless its test lets it.
 *
 * A test's own world extends it with a server and clients that share {@link StillWorld.clock}.
 */
import type { SluiceError } from "../errors/sluice-error.ts";
import { FakeClock } from "./fake-clock.ts";

export abstract class StillWorld {
  readonly clock: FakeClock;

  constructor(clock: FakeClock = new FakeClock()) {
    this.clock = clock;
  }

  /** Lets everything happen that needs no time. */
  abstract run(): Promise<void>;

  /** Moves time by `ms`, and lets everything happen that its timers bring about. */
  async advance(ms: number): Promise<void> {
    const until = this.clock.now() + ms;
    await this.run();
    while (this.clock.now() < until) {
      const next = Math.min(this.clock.nextTimerMs ?? Number.POSITIVE_INFINITY, until - this.clock.now());
      await this.clock.advance(next);
      await this.run();
    }
    await this.run();
  }

  /**
   * What `promise` brings, without time.
   * @throws {Error} if it has not settled after 10,000 runs
   */
  async until<Value>(promise: PromiseLike<Value>): Promise<Value> {
    let isSettled = false;
    const settled = (): void => {
      isSettled = true;
    };
    promise.then(settled, settled);
    for (let round = 0; !isSettled; round++) {
      if (round > 10_000) throw new Error("The promise does not settle unless time passes");
      await this.run();
    }
    return promise;
  }

  /**
   * The error with which `promise` rejects, without time.
   * @throws {Error} if it was resolved, or does not settle
   */
  async failure(promise: PromiseLike<unknown>): Promise<SluiceError> {
    try {
      await this.until(promise);
    } catch (reason) {
      return reason as SluiceError;
    }
    throw new Error("The promise was resolved");
  }
}
