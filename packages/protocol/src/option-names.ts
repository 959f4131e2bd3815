/**
 * Finds options that nobody knows, and says which was meant: what is misspelt would be silently missing.
 */

/** Names of a group of options and of the groups in it, as `limits.maxMessage`. */
export function optionPaths(group: object, prefix = ""): readonly string[] {
  return Object.entries(group).flatMap(([name, inner]) => {
    const path = prefix + name;
    return typeof inner === "object" ? [path, ...optionPaths(inner, `${path}.`)] : [path];
  });
}

/**
 * Refuses names that are not among `known`, which {@link optionPaths} has listed. What is `undefined` is not there.
 * @throws {TypeError} that says what to write, and which of `taker`'s options it is
 */
export function checkOptionNames(
  taker: string,
  options: object,
  known: readonly string[],
  prefix = "",
): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const path = prefix + name;
    if (!known.includes(path)) {
      throw new TypeError(`Unknown option ${path} of ${taker}: ${insteadOf(path, prefix, known)}`);
    }
    const isGroup = known.some((other) => other.startsWith(`${path}.`));
    if (isGroup && typeof value === "object" && value !== null)
      checkOptionNames(taker, value, known, `${path}.`);
  }
}

/** What to write instead of an unknown option: the nearest, wherever it is, or else what there is at its place. */
function insteadOf(path: string, prefix: string, known: readonly string[]): string {
  const name = path.slice(prefix.length).toLowerCase();
  const most = Math.max(1, Math.floor(name.length / 3));
  const near = known
    .map((other) => ({ other, letters: lettersBetween(name, lastPart(other).toLowerCase(), most) }))
    .filter(({ letters }) => letters <= most)
    .sort((a, b) => a.letters - b.letters)[0];
  if (near !== undefined) return `did you mean ${near.other}?`;
  return `it takes ${known.filter((other) => other === prefix + lastPart(other)).join(", ")}`;
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf(".") + 1);
}

/** Letters to add, take away or change so that `a` becomes `b`; more than `most` if it is not worth counting. */
function lettersBetween(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let taken = 1; taken <= a.length; taken++) {
    const above = row;
    row = [taken];
    for (let at = 1; at <= b.length; at++) {
      const changed = (above[at - 1] ?? 0) + (a[taken - 1] === b[at - 1] ? 0 : 1);
      row.push(Math.min(changed, (above[at] ?? 0) + 1, (row[at - 1] ?? 0) + 1));
    }
  }
  return row[b.length] ?? 0;
}
