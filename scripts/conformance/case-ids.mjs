/**
 * The ids of conformance cases in the name of a test.
 */

/** `FC-1` anywhere. Which families exist is the list's to say. */
const numbered = /\b[A-Z]{2}-\d+\b/g;
/** `REL-F3` anywhere: ids of one letter mean other things elsewhere, and carry a prefix. */
const prefixed = /\bREL-([A-Z]\d+)\b/g;
/** Before the words of a name an id of one letter needs no prefix; a section of the wire's page may stand among ids. */
const leading = /^(?:REL-)?([A-Z]{2}-\d+|[A-Z]\d+|LM)(?=[ ,]|$)|^§[\d.]+(?= )/;

/**
 * @param {string} title of a test, a group of tests, or a row of a table of tests
 * @returns {string[]} each id once, without a prefix
 */
export function caseIdsIn(title) {
  const ids = [...title.matchAll(numbered)].map(([id]) => id);
  ids.push(...[...title.matchAll(prefixed)].map(([, id = ""]) => id));
  for (let rest = title, match = leading.exec(rest); match !== null; match = leading.exec(rest)) {
    if (match[1] !== undefined) ids.push(match[1]);
    rest = rest.slice(match[0].length).replace(/^[ ,]+/, "");
  }
  return [...new Set(ids)];
}
