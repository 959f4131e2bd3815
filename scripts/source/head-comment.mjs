/**
 * The head comment of a source file: the first thing in it, which says what the file is.
 */

/**
 * @param {string} text a file's contents
 * @returns {string | undefined} the first sentence without its full stop, on one line; `undefined` without a head comment.
 *   A comment directly above a declaration is the declaration's docstring, and none
 */
export function headSentence(text) {
  const match = /^(?:#!.*\n)?\s*\/\*\*([\s\S]*?)\*\/\n(.*)/.exec(text);
  if (match === null) return undefined;
  const [, body = "", nextLine = ""] = match;
  if (!/^(?:\s*$|\/\/|import\b|export (?:type )?[{*])/.test(nextLine)) return undefined;
  const lines = body.split("\n").map((line) => line.replace(/^\s*\* ?/, "").trim());
  const paragraph =
    lines
      .join("\n")
      .trim()
      .split(/\n\s*\n/)[0] ?? "";
  const flat = paragraph.replaceAll(/\s+/g, " ").replaceAll(/\{@link (\S+?)\}/g, "`$1`");
  const sentence = /^(.*?(?<!\be\.g|\bi\.e)[.!?])(?: [^a-z]|$)/.exec(flat)?.[1] ?? flat;
  return sentence.replace(/\.$/, "") || undefined;
}
