/** Cases of keywords for strings: lengths in code points, patterns. */
import type { KeywordCase } from "../keyword-case.ts";
import { text } from "./small-schemas.ts";

const astral = "😀";

export const stringCases: readonly KeywordCase[] = [
  {
    name: "type string",
    schema: text,
    valid: ["", "a", astral],
    invalid: [
      [1, "", "type", "must be string"],
      [null, "", "type", "must be string"],
      [undefined, "", "type", "must be string"],
      [new Uint8Array(0), "", "type", "must be string"],
    ],
  },
  {
    name: "minLength counts code points",
    schema: { type: "string", minLength: 2 },
    valid: ["ab", astral + astral, `${astral}a`, "\ud800\ud800"],
    invalid: [
      ["a", "", "minLength", "must have 2 or more characters"],
      [astral, "", "minLength", "must have 2 or more characters"],
    ],
  },
  {
    name: "maxLength counts code points",
    schema: { type: "string", maxLength: 2 },
    valid: ["", "ab", astral + astral, `a${astral}`],
    invalid: [
      ["abc", "", "maxLength", "must have 2 or fewer characters"],
      [astral.repeat(3), "", "maxLength", "must have 2 or fewer characters"],
      ["\udc00\ud800\udc00\ud800", "", "maxLength", "must have 2 or fewer characters"],
    ],
  },
  {
    name: "maxLength 0",
    schema: { type: "string", maxLength: 0 },
    valid: [""],
    invalid: [["a", "", "maxLength", "must have 0 or fewer characters"]],
  },
  {
    name: "pattern: anywhere, with the flag u",
    schema: { type: "string", pattern: "^\\p{Lu}.$|needle" },
    valid: ["Ab", `A${astral}`, "in a needle stack"],
    invalid: [
      ["ab", "", "pattern", "must match the pattern ^\\p{Lu}.$|needle"],
      ["Abc", "", "pattern", "must match the pattern ^\\p{Lu}.$|needle"],
    ],
  },
];
