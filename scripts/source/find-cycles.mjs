/**
 * Cycles in a graph of files, found by a walk in depth.
 */

/**
 * @param {ReadonlyMap<string, readonly string[]>} edges from each file to those that it imports
 * @returns {string[][]} for each edge that closes a cycle its files in order, the first one repeated at the end
 */
export function findCycles(edges) {
  /** @type {Set<string>} */
  const done = new Set();
  /** @type {string[][]} */
  const found = [];
  /** @param {string} path @param {readonly string[]} trail */
  const walk = (path, trail) => {
    const start = trail.indexOf(path);
    if (start !== -1) found.push([...trail.slice(start), path]);
    if (start !== -1 || done.has(path)) return;
    for (const next of edges.get(path) ?? []) walk(next, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) walk(path, []);
  return found;
}
