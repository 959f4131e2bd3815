/** Keywords for strings: `minLength`, `maxLength`, `pattern`, `format`. */
import { type FormatTest, formats } from "./formats.ts";
import { type RulesOf, rulesBy } from "./rule.ts";

export const stringRules: RulesOf<string> = rulesBy({
  minLength: (min) => ({
    check: (text) => text.length >= min && (text.length >= 2 * min || countCodePoints(text) >= min),
    expected: () => `must have ${min} or more characters`,
  }),
  maxLength: (max) => ({
    check: (text) => text.length <= max || (text.length <= 2 * max && countCodePoints(text) <= max),
    expected: () => `must have ${max} or fewer characters`,
  }),
  format: (name) => ({ check: formatNamed(name), expected: () => `must have the format ${name}` }),
  pattern: (source, _, compiler) => ({
    check: compiler.pattern(source),
    expected: () => `must match the pattern ${source}`,
  }),
});

function formatNamed(name: string): FormatTest {
  const test = formats.get(name);
  if (test === undefined) throw new TypeError(`Unknown format "${name}"`);
  return test;
}

/** Surrogate pairs count once. */
function countCodePoints(text: string): number {
  let count = text.length;
  for (let i = 1; i < text.length; i++) {
    const isPair = (text.charCodeAt(i - 1) & 0xfc00) === 0xd800 && (text.charCodeAt(i) & 0xfc00) === 0xdc00;
    if (isPair) count--;
  }
  return count;
}
