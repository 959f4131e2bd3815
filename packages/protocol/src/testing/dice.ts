/**
 * Where random data gets its choices from.
 *
 * A property test gives numbers that its library can shrink; a plain test gives a seed.
 */

/** Draws numbers round and round, so that the same numbers always make the same data. */
export class Dice {
  readonly #numbers: ArrayLike<number>;
  #at = 0;

  /** @param numbers integers of at least 0, at least one */
  constructor(numbers: ArrayLike<number>) {
    this.#numbers = numbers;
  }

  /** Dice with 4,096 numbers that follow from `seed`, an integer. */
  static seeded(seed: number): Dice {
    const numbers = new Uint32Array(4_096);
    for (let at = 0; at < numbers.length; at++) numbers[at] = mixed(seed + Math.imul(at, 0x9e3779b9));
    return new Dice(numbers);
  }

  /** An integer from 0 to `bound` - 1. */
  below(bound: number): number {
    return (this.#numbers[this.#at++ % this.#numbers.length] ?? 0) % bound;
  }

  /** Whether the one chance in `count` has come. */
  oneIn(count: number): boolean {
    return this.below(count) === 0;
  }

  /** One of `items`, of which there is at least one. */
  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item;
  }

  /** What one of `makers` makes; each is as likely as its weight says. */
  weighed<Made>(makers: readonly (readonly [weight: number, make: () => Made])[]): Made {
    let left = this.below(makers.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, make] of makers) {
      left -= weight;
      if (left < 0) return make();
    }
    throw new RangeError("Nothing to choose from");
  }

  /** From `least` to `most` things. */
  list<Item>(least: number, most: number, make: () => Item): Item[] {
    return Array.from({ length: least + this.below(most - least + 1) }, make);
  }
}

/**
 * A number whose every bit depends on every bit of `state`, the lowest too, by which most choices are made. Source: the finalizer of
 * MurmurHash3 (A. Appleby, public domain), over steps of the golden ratio as in SplitMix (Steele, Lea, Flood: OOPSLA 2014).
 */
function mixed(state: number): number {
  let bits = state;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
