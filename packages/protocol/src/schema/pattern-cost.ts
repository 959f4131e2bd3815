/**
 * How long a pattern may take at the worst, by a look at its text: for patterns that are run while a protocol is defined.
 */

/** What says nothing about the cost: escaped characters, and sets of characters. */
const atoms = /\\[pPu]\{[^}]*\}|\\.|\[(?:\\.|[^\]\\])*\]/gsu;

/** Steps of a backtracking engine for a text of `length`, not less than it takes; `Infinity` where a group is repeated. */
export function patternCost(source: string, length: number): number {
  const shape = source.replace(atoms, "a").replaceAll("(?", "(");
  if (/\)[*+{]/.test(shape)) return Infinity;
  const repeated = shape.match(/[*+?{]/g)?.length ?? 0;
  const alternatives = shape.match(/[|?]/g)?.length ?? 0;
  return 2 ** alternatives * (length + 1) ** (repeated + 1);
}
