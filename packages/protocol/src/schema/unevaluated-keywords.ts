/**
 * `unevaluatedProperties` and `unevaluatedItems`: what no other keyword for the same value has looked at.
 *
 * They run last, when the rest of the schema has accepted the value. Spec: JSON Schema 2020-12 core, §11.
 */
import type { JsonSchema } from "../definition/json-schema.ts";
import { isOfType } from "./json-type.ts";
import { type Members, namesOf } from "./object-keywords.ts";
import type { PlainSchemaObject } from "./plain-schema.ts";
import type { Compiler, Evaluated, NamedRule, SchemaNode } from "./rule.ts";

type Name = string | number;

/** The rules of `schema`, of which `mark` marks what all its other keywords evaluate. */
export function unevaluatedRules(
  schema: PlainSchemaObject,
  compiler: Compiler,
  mark: SchemaNode["mark"],
): readonly NamedRule[] {
  const { unevaluatedProperties, unevaluatedItems } = schema;
  const rules: NamedRule[] = [];
  const add = (keyword: string, inner: JsonSchema, namesIn: (value: unknown) => readonly Name[]): void => {
    const node = compiler.compile(inner);
    const unevaluatedIn = (value: unknown): readonly Name[] => {
      const evaluated: Evaluated = new Set();
      mark(value, evaluated);
      return namesIn(value).filter((name) => !evaluated.has(name));
    };
    rules.push({
      keyword,
      check: (value) => unevaluatedIn(value).every((name) => node.check((value as Members)[name])),
      visits: (value) => unevaluatedIn(value).map((name) => ({ node, keyword, name })),
    });
  };
  if (unevaluatedProperties !== undefined) {
    add("unevaluatedProperties", unevaluatedProperties, (value) =>
      isOfType("object", value) ? namesOf(value as Members) : [],
    );
  }
  if (unevaluatedItems !== undefined) {
    add("unevaluatedItems", unevaluatedItems, (value) => (Array.isArray(value) ? [...value.keys()] : []));
  }
  return rules;
}
