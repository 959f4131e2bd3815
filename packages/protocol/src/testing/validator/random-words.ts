/** The few names, texts and numbers of random schemas and of values for them, so that they meet often. */

/** Which words are meant. */
export interface RandomWordsOptions {
  /**
   * What engines trip over: names that objects inherit, numbers at the ends of their range, halves of surrogate pairs. Default
   * `false`: words of every kind.
   */
  readonly edges?: boolean;
}

export interface RandomWords {
  /** Names of properties that a schema may declare. */
  readonly names: readonly string[];
  /** Names that only values have. */
  readonly foreignNames: readonly string[];
  readonly texts: readonly string[];
  readonly numbers: readonly number[];
  /** For `minimum`, `maximum` and their exclusive kin. */
  readonly bounds: readonly number[];
  readonly divisors: readonly number[];
  readonly patterns: readonly string[];
  /** For names of members. */
  readonly namePatterns: readonly string[];
}

const plainWords: RandomWords = {
  names: ["a", "b", "c", "x-1", "toString", "k/~"],
  foreignNames: [],
  texts: ["", "a", "b", "ab", "abc", "😀", "A1", "2020-02-29", "::1", "a@b.co"],
  numbers: [-1, 0, 1, 2, 3, 5, 0.1, 0.3, 1.5, 1e21, -2.5],
  bounds: [-1, 0, 0.1, 1, 2, 3, 5],
  divisors: [1, 2, 0.1, 0.5],
  patterns: ["^a", "b$", "^.$", "[0-9]"],
  namePatterns: ["^a", "1$", "t"],
};

const edgeWords: RandomWords = {
  names: [
    "a",
    "toString",
    "constructor",
    "hasOwnProperty",
    "valueOf",
    "__defineGetter__",
    "length",
    "0",
    "😀",
  ],
  foreignNames: ["__proto__", "\ud83d", ""],
  texts: [
    "",
    "a",
    "😀",
    "\ud83d",
    "\ude00",
    "\ude00\ud83d",
    "a😀",
    "😀😀",
    "😀😀😀",
    "😀a😀😀",
    "é",
    "e\u0301",
    "\u2028",
    "\0",
    "1e3",
    "constructor",
  ],
  numbers: [
    -0,
    0,
    1e308,
    -1e308,
    Number.MAX_VALUE,
    Number.MIN_VALUE,
    0.1 + 0.2,
    0.3,
    2 ** 53,
    2 ** 53 - 1,
    -(2 ** 53),
    1e21,
    1e-7,
    4.35,
    1.1,
    3,
  ],
  bounds: [-0, 0, 0.3, 0.1 + 0.2, 2 ** 53, 2 ** 53 - 1, 1e308, -1e308, 5e-324],
  divisors: [0.1, 0.01, 1e-7, 3, 1e308, 2 ** 53, 5e-324, 0.3],
  patterns: ["^.$", "^..$", "^\\u{1F600}", "[\\uD83D]", "^\\P{L}+$", "\\s", "^$"],
  namePatterns: ["^__", "^.$", "o", "^$", "^constructor$", "\\u{1F600}"],
};

export function randomWords({ edges = false }: RandomWordsOptions = {}): RandomWords {
  return edges ? edgeWords : plainWords;
}
