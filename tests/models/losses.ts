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

  get hasAny(): boolean {
    return this.#spans.length > 0;
  }

  /** Whether what was lost has not been replaced. */
  get isLosing(): boolean {
    return this.#spans.at(-1)?.until === Number.POSITIVE_INFINITY;
  }

  /** From step `at` on sessions may be lost. */
  begin(at: number): void {
    if (!this.isLosing) this.#spans.push({ from: at, until: Number.POSITIVE_INFINITY });
  }

  /** In step `at` the client was welcomed: what it opens from the next one on is not lost. */
  end(at: number): void {
    const last = this.#spans.at(-1);
    if (last !== undefined && this.isLosing) last.until = at;
  }

  /** Whether something may have been lost of what lived from step `from` to `until`, both included. */
  touch(from: number, until: number): boolean {
    return this.#spans.some((span) => span.from <= until && from <= span.until);
  }
}
