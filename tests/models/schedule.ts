/**
 * Decides by a seed what happens next: which end of a link reads and how much, which user acts, which timer fires, and how many
 * promise reactions run in between. The same seed always makes the same run.
 */
import { Dice, type FakeClock } from "@sluice/protocol/testing";

/** Something that can go one step further. */
export interface Source {
  readonly isReady: boolean;
  step(): void;
}

/** Timers that are due sooner than this race with all else, ms; later ones fire when nothing else can happen. */
const raceMs = 40;
const mostReactions = 8;
const mostSteps = 20_000;

export class Schedule {
  readonly dice: Dice;
  readonly #clock: FakeClock;
  readonly #sources = new Set<Source>();
  readonly #waiting: (() => void)[] = [];
  /** Steps taken. */
  steps = 0;

  constructor(seed: number, clock: FakeClock) {
    this.dice = Dice.seeded(seed);
    this.#clock = clock;
  }

  add(source: Source): void {
    this.#sources.add(source);
  }

  remove(source: Source): void {
    this.#sources.delete(source);
  }

  /** Resolves when it is this caller's turn, `count` times. */
  async turns(count: number): Promise<void> {
    for (let turn = 0; turn < count; turn++) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Resolves at a turn at which `holds()`. Until then it keeps nothing from happening, time included. */
  async when(holds: () => boolean): Promise<void> {
    if (holds()) return;
    await new Promise<void>((resolve) => {
      const waiting: Source = {
        get isReady() {
          return holds();
        },
        step: () => {
          this.remove(waiting);
          resolve();
        },
      };
      this.add(waiting);
    });
  }

  /** Goes on until `promise` has settled. @throws {Error} if nothing can happen any more, or too much has */
  async until<Value>(promise: Promise<Value>): Promise<Value> {
    let isSettled = false;
    const settled = (): void => {
      isSettled = true;
    };
    promise.then(settled, settled);
    for (let step = 0; !isSettled; step++) {
      if (step > mostSteps) throw new Error(`No end after ${mostSteps} steps`);
      await this.#next();
    }
    return promise;
  }

  async #next(): Promise<void> {
    this.steps++;
    await reactions(this.dice.below(mostReactions));
    const { nextTimerMs } = this.#clock;
    const isTimerNear = nextTimerMs !== undefined && nextTimerMs <= raceMs;
    const ready = [...this.#sources].filter((source) => source.isReady);
    const choices = ready.length + this.#waiting.length + (isTimerNear ? 1 : 0);
    if (choices === 0) {
      await reactions(64);
      if (this.#waiting.length > 0 || [...this.#sources].some((source) => source.isReady)) return;
      await this.#clock.advance(this.#clock.nextTimerMs ?? 0);
      return;
    }
    const choice = this.dice.below(choices);
    if (choice < ready.length) ready[choice]?.step();
    else if (choice < ready.length + this.#waiting.length)
      this.#waiting.splice(choice - ready.length, 1)[0]?.();
    else await this.#clock.advance(nextTimerMs as number);
  }
}

async function reactions(rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) await undefined;
}
