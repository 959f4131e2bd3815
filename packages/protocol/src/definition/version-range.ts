/**
 * Versions of services and what a caller accepts of them: `1.2.0`, `^1.2.0`, `^1`, `*`.
 *
 * Precedence as in https://semver.org §11; a caret accepts what changes nothing left of the first number that is not 0.
 */

interface Version {
  readonly numbers: readonly [number, number, number];
  readonly pre: readonly string[];
}

function parseVersion(text: string): Version | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/.exec(text);
  if (match === null) return undefined;
  const [, major, minor, patch, pre] = match;
  return {
    numbers: [Number(major), Number(minor), Number(patch)],
    pre: pre === undefined ? [] : pre.split("."),
  };
}

/** Below 0 if `a` precedes `b`. Texts that are no versions come first. */
export function compareVersions(a: string, b: string): number {
  const one = parseVersion(a);
  const other = parseVersion(b);
  if (one === undefined || other === undefined)
    return Number(one !== undefined) - Number(other !== undefined);
  for (const at of [0, 1, 2] as const) {
    const difference = one.numbers[at] - other.numbers[at];
    if (difference !== 0) return difference;
  }
  return comparePre(one.pre, other.pre);
}

function comparePre(a: readonly string[], b: readonly string[]): number {
  // A version without pre-release follows those with one.
  if (a.length === 0 || b.length === 0) return Number(a.length === 0) - Number(b.length === 0);
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const [one, other] = [a[at], b[at]];
    if (one === undefined || other === undefined)
      return Number(one !== undefined) - Number(other !== undefined);
    if (one === other) continue;
    const [oneIsNumber, otherIsNumber] = [/^\d+$/.test(one), /^\d+$/.test(other)];
    if (oneIsNumber && otherIsNumber) return Number(one) - Number(other);
    if (oneIsNumber !== otherIsNumber) return oneIsNumber ? -1 : 1;
    return one < other ? -1 : 1;
  }
  return 0;
}

/** Whether `version` is one that `range` accepts. A range that is none accepts nothing. */
export function satisfiesRange(version: string, range: string): boolean {
  if (range === "*") return parseVersion(version)?.pre.length === 0;
  if (!range.startsWith("^")) return version === range;
  const given = range.slice(1).split(".");
  const padded = given.length < 3 ? [...given, "0", "0"].slice(0, 3).join(".") : range.slice(1);
  const low = parseVersion(padded);
  const found = parseVersion(version);
  if (low === undefined || found === undefined || compareVersions(version, padded) < 0) return false;
  if (found.pre.length > 0 && low.pre.length === 0) return false;
  const fixed = low.numbers.findIndex((number) => number !== 0);
  const upTo = fixed < 0 ? given.length - 1 : Math.min(fixed, 2);
  return low.numbers.every((number, at) => at > upTo || found.numbers[at] === number);
}
