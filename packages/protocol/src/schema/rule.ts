/**
 * What the closures of a schema are made of: a rule for each keyword, and a node for each schema.
 *
 * Checks give verdicts and do nothing else. Visits name the schemas that a keyword applies to a value: after a refusal they
 * lead to the first issue, and for a valid value they tell what was evaluated.
 */
import type { JsonSchema } from "../definition/json-schema.ts";
import type { PlainSchemaObject } from "./plain-schema.ts";
import type { ResolveReference } from "./references.ts";
import type { Issue } from "./validator.ts";

/** Whether a value satisfies what was compiled. */
export type Check<Value = unknown> = (value: Value) => boolean;

/** A schema that a keyword applies to a value, or to its member or element `name`. */
export interface Visit {
  readonly node: SchemaNode;
  readonly keyword: string;
  readonly name?: string | number;
}

/** What a keyword does to values of one type. */
export interface Rule<Value = unknown> {
  readonly check: Check<Value>;
  /** What the keyword applies: for a refused value all that may refuse it, for a valid one all that accept it. */
  readonly visits?: (value: Value) => Iterable<Visit>;
  /** What a refused value must be, if no visited schema refuses it. From the schema, never from the value. */
  readonly expected?: (value: Value) => string;
}

export interface NamedRule<Value = unknown> extends Rule<Value> {
  readonly keyword: string;
}

/** The rule of each keyword, made of what it says and what stands beside it. */
export type RuleTable<Value> = {
  readonly [Keyword in keyof PlainSchemaObject]?: (
    said: NonNullable<PlainSchemaObject[Keyword]>,
    schema: PlainSchemaObject,
    compiler: Compiler,
  ) => Rule<Value>;
};

/** Names of members, or indexes of elements, that the keywords of a schema have looked at. */
export type Evaluated = Set<string | number>;

/** A compiled schema. Its functions may be called alone. */
export interface SchemaNode {
  readonly check: Check;
  /** The first issue of a refused value. `keyword` is the one that applies this schema, for the schema `false`. */
  readonly explain: (value: unknown, path: string, keyword: string) => Issue;
  /** Adds what the schema evaluates in a valid value. */
  readonly mark: (value: unknown, evaluated: Evaluated) => void;
  /** Whether the value is of the right type at least. */
  readonly suits: Check;
}

/** What rules need to compile the schemas inside their keyword. */
export interface Compiler {
  readonly compile: (schema: JsonSchema) => SchemaNode;
  /** The node of what a `$ref` leads to, which may be one that is still being made. */
  readonly compileReferenced: (reference: string, from: PlainSchemaObject) => SchemaNode;
  readonly pattern: (source: string) => Check<string>;
  readonly resolve: ResolveReference;
}

/** Makes the rules for the keywords of a schema. */
export type RulesOf<Value> = (schema: PlainSchemaObject, compiler: Compiler) => NamedRule<Value>[];

/** Makes the rules that `table` has for the keywords of a schema, in the order of the table. */
export function rulesBy<Value>(table: RuleTable<Value>): RulesOf<Value> {
  // The type of the table says that each entry takes what its keyword says.
  const entries = Object.entries(table) as [keyof PlainSchemaObject, (...given: unknown[]) => Rule<Value>][];
  return (schema, compiler) => {
    const rules: NamedRule<Value>[] = [];
    for (const [keyword, make] of entries) {
      const said = schema[keyword];
      if (said !== undefined) rules.push({ keyword, ...make(said, schema, compiler) });
    }
    return rules;
  };
}

/** All of `checks`, cheapest first as given. */
export function allOf<Value>(checks: readonly Check<Value>[]): Check<Value> {
  const [first, second, third] = checks;
  if (first === undefined) return () => true;
  if (second === undefined) return first;
  if (third === undefined) return (value) => first(value) && second(value);
  return (value) => {
    for (let i = 0; i < checks.length; i++) if (!(checks[i] as Check<Value>)(value)) return false;
    return true;
  };
}

/** At least one of `checks`. */
export function anyOf(checks: readonly Check[]): Check {
  const [first, second, third] = checks;
  if (first === undefined) return () => false;
  if (second === undefined) return first;
  if (third === undefined) return (value) => first(value) || second(value);
  return (value) => {
    for (let i = 0; i < checks.length; i++) if ((checks[i] as Check)(value)) return true;
    return false;
  };
}
