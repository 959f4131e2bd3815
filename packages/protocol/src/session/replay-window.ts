/**
 * Which call numbers of one origin were used: a new one runs, one that was used never runs again.
 *
 * Pure. Numbers come in order, except after a lost link; the last 65,536 are told apart, what lies below counts as used.
 * Spec: docs/wire.md §4.7.
 */

/** How many numbers below the highest are told apart. Fixed by docs/wire.md §4.7. */
export const replayNumbers = 65_536;

export class ReplayWindow {
  #highest = 0;
  /** A bit for each number of the window, set if it was used; absent while there is no gap below the highest. */
  #used: Uint32Array | undefined;

  /** Whether `number` was used, or is too old to tell. */
  isUsed(number: number): boolean {
    if (number > this.#highest) return false;
    if (this.#used === undefined || number <= this.#highest - replayNumbers) return true;
    return ((this.#used[wordOf(number)] as number) & bitOf(number)) !== 0;
  }

  /** `number` is used from now on. */
  use(number: number): void {
    if (number === this.#highest + 1 && this.#used === undefined) {
      this.#highest = number;
      return;
    }
    this.#used ??= new Uint32Array(replayNumbers / 32).fill(0xffff_ffff);
    this.#moveTo(number);
    if (number <= this.#highest - replayNumbers) return;
    const word = wordOf(number);
    this.#used[word] = (this.#used[word] as number) | bitOf(number);
  }

  /** The window ends at `number`, if it did not reach so far; what it skips was not used. */
  #moveTo(number: number): void {
    const used = this.#used as Uint32Array;
    if (number <= this.#highest) return;
    if (number - this.#highest >= replayNumbers) used.fill(0);
    else {
      for (let skipped = this.#highest + 1; skipped < number; skipped++) {
        const word = wordOf(skipped);
        used[word] = (used[word] as number) & ~bitOf(skipped);
      }
    }
    this.#highest = number;
  }
}

function wordOf(number: number): number {
  return (number % replayNumbers) >>> 5;
}

function bitOf(number: number): number {
  return 1 << (number & 31);
}
