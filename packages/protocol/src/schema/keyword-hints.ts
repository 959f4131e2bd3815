/** What to write instead of a keyword that is misspelt, or of another draft. For messages to people who write schemas. */
import { keywords } from "./keywords.ts";

/** Keywords of other drafts and tools, and what 2020-12 has for them. */
const foreignKeywords: ReadonlyMap<string, string> = new Map([
  ["definitions", "write $defs"],
  ["id", "write $id"],
  ["nullable", `write "null" among the types`],
  ["additionalItems", "write items beside prefixItems"],
  ["dependencies", "write dependentRequired or dependentSchemas"],
  ["$dynamicRef", "write $ref"],
  ["$dynamicAnchor", "write $anchor"],
  ["$recursiveRef", "write $ref"],
  ["$recursiveAnchor", "write $anchor"],
  ["discriminator", "oneOf finds a constant property by itself; leave it out"],
]);

/** What to write instead of the unknown `keyword`. */
export function insteadOf(keyword: string): string {
  const known = foreignKeywords.get(keyword);
  if (known !== undefined) return known;
  const similar = [...keywords.keys()].find((name) => isSimilar(keyword.toLowerCase(), name.toLowerCase()));
  return similar === undefined ? "leave it out, or begin its name with x-" : `write ${similar}`;
}

/** Whether one letter more, less, other or two swapped make one text of the other. */
function isSimilar(a: string, b: string): boolean {
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const [left, right] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  return (
    (left.length <= 1 && right.length <= 1) || (left.length === 2 && left === [...right].reverse().join(""))
  );
}
