/**
 * What validates values: an engine that compiles a schema to a function. Two engines implement it, with equal verdicts.
 *
 * `closures()` of this package builds nested functions and generates no code; `ajv()` of `@sluice/server/ajv` generates code.
 */
import type { JsonSchema } from "../definition/json-schema.ts";

/** The first thing that is wrong with a value. It never holds the value itself. */
export interface Issue {
  /** JSON Pointer to the place (RFC 6901), `""` for the whole value. */
  readonly path: string;
  /** The keyword that failed, such as `"required"`. */
  readonly keyword: string;
  /** What the keyword expects, for people: `must be string`. */
  readonly expected: string;
}

/** `undefined` for a valid value, else the first issue. Pure and synchronous; never throws for any value that a codec can produce. */
export type Validate = (value: unknown) => Issue | undefined;

export interface CompileOptions {
  /** Accept members that `additionalProperties: false` would refuse: a reader that is older than its writer. Default `false`. */
  readonly tolerant?: boolean;
}

export interface Validator {
  /** For diagnostics: `"closures"`, `"ajv"`, `"auto"`. */
  readonly name: string;
  /**
   * Compiles `schema`, whose byte strings (`contentEncoding: "base64"`) stand for `Uint8Array` values.
   * @throws {TypeError} if the schema is none, or uses what this engine refuses
   */
  compile(schema: JsonSchema, options?: CompileOptions): Validate;
}
