/** The few names, texts and numbers of random schemas and of values for them, so that they meet often. */

/** Names of properties. */
export const names: readonly string[] = ["a", "b", "c", "x-1", "toString", "k/~"];
export const texts: readonly string[] = [
  "",
  "a",
  "b",
  "ab",
  "abc",
  "😀",
  "A1",
  "2020-02-29",
  "::1",
  "a@b.co",
];
export const numbers: readonly number[] = [-1, 0, 1, 2, 3, 5, 0.1, 0.3, 1.5, 1e21, -2.5];
