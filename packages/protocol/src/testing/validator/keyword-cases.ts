/**
 * What every engine says about values, keyword by keyword: the table of {@link validatorSuite}.
 */
import type { KeywordCase } from "./keyword-case.ts";
import { anyTypeCases } from "./keywords/any-type-cases.ts";
import { arrayCases } from "./keywords/array-cases.ts";
import { branchCases } from "./keywords/branch-cases.ts";
import { bytesCases } from "./keywords/bytes-cases.ts";
import { numberCases } from "./keywords/number-cases.ts";
import { objectCases } from "./keywords/object-cases.ts";
import { referenceCases } from "./keywords/reference-cases.ts";
import { stringCases } from "./keywords/string-cases.ts";

export type { KeywordCase, Refusal } from "./keyword-case.ts";

/** Every case, by the type of value that its keywords are for. */
export const keywordCases: readonly KeywordCase[] = [
  ...anyTypeCases,
  ...stringCases,
  ...numberCases,
  ...arrayCases,
  ...objectCases,
  ...branchCases,
  ...referenceCases,
  ...bytesCases,
];
