/** Random text that UTF-8 can carry: characters of one to four bytes, and none of them half a surrogate pair. */
import fc from "fast-check";

const character = fc.oneof(
  fc.integer({ min: 0, max: 0x7f }),
  fc.integer({ min: 0x80, max: 0x7ff }),
  fc.integer({ min: 0x800, max: 0xd7ff }),
  fc.integer({ min: 0xe000, max: 0xffff }),
  fc.integer({ min: 0x10000, max: 0x10ffff }),
);

/** Text of at most `maxCharacters`, of which each may be two code units. */
export function anyText(maxCharacters: number): fc.Arbitrary<string> {
  return fc
    .array(character, { maxLength: maxCharacters })
    .map((characters) => characters.map((code) => String.fromCodePoint(code)).join(""));
}
