/**
 * When sessions may be lost: from what may lose them until the client is welcomed to one that has not been lost.
 *
 * Pure. Moments are the numbers of a model's steps.
 */

interface Span {
  readonly from: number;
  until: number;
}

export class Losses {
  readonly #spans: Span[] = [];
  /** The WELCOMEs before what may have lost something last. */
  #before: readonly string[] = [];
  #isServerLost = false;

  /** Whether what was lost has not been replaced. */
  get isLosing(): boolean {
    return this.#spans.at(-1)?.until === Number.POSITIVE_INFINITY;
  }

  /**
   * From step `at` on sessions may be lost. `welcomes`: the epochs of those who have welcomed the client so far. `byAnother`: whether only
   * a server that is none of them can welcome it again.
   */
  begin(at: number, welcomes: readonly string[], { byAnother = false } = {}): void {
    if (!this.isLosing) this.#spans.push({ from: at, until: Number.POSITIVE_INFINITY });
    this.#before = [...welcomes];
    this.#isServerLost ||= byAnother;
  }

  /** Until step `at` the client took `welcomes`: if one is new, what it opens from the next step on is not lost. */
  welcomed(at: number, welcomes: readonly string[]): void {
    const last = this.#spans.at(-1);
    if (last === undefined || !this.isLosing) return;
    const before = this.#before;
    const isAnother = (epoch: string): boolean => !this.#isServerLost || !before.includes(epoch);
    if (!welcomes.slice(before.length).some(isAnother)) return;
    last.until = at;
    this.#isServerLost = false;
  }

  /** Whether something may have been lost of what lived from step `from` to `until`, both included. */
  touch(from: number, until: number): boolean {
    return this.#spans.some((span) => span.from <= until && from <= span.until);
  }
}
