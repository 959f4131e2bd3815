/** A case of a keyword, as data: a schema, and what it accepts and refuses. */
import type { JsonSchema } from "../../definition/json-schema.ts";

/** A refused value, and the issue: path, keyword, expectation. */
export type Refusal = readonly [value: unknown, path: string, keyword: string, expected: string];

export interface KeywordCase {
  readonly name: string;
  readonly schema: JsonSchema;
  readonly valid: readonly unknown[];
  readonly invalid: readonly Refusal[];
}
