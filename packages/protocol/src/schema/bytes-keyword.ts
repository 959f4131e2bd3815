/** The plain form's keyword `bytes`: a `Uint8Array`, and how many bytes it has. */
import { isBytes } from "./byte-string.ts";
import type { ByteLengths } from "./plain-schema.ts";
import type { NamedRule } from "./rule.ts";

/** Their keywords and texts are those of the byte string that `bytes` stands for. */
export function bytesRules(bytes: ByteLengths | false | undefined): NamedRule[] {
  if (!bytes) return [];
  const { minLength, maxLength } = bytes;
  const lengthOf = (value: unknown): number => (value as Uint8Array).length;
  return [
    { keyword: "type", check: isBytes, expected: () => "must be bytes" },
    {
      keyword: "minLength",
      check: (value) => lengthOf(value) >= minLength,
      expected: () => `must have ${minLength} or more bytes`,
    },
    {
      keyword: "maxLength",
      check: (value) => lengthOf(value) <= maxLength,
      expected: () => `must have ${maxLength} or fewer bytes`,
    },
  ];
}
