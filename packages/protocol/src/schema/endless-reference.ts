/**
 * Finds schemas that apply too many others to one and the same value: a `$ref` that comes back to itself without having gone into
 * a member or an element, and `$ref`s that multiply.
 */
import type { JsonSchema } from "../definition/json-schema.ts";
import { forEachSubschema } from "./keywords.ts";
import type { ResolveReference } from "./references.ts";

/** Keywords whose schemas apply to the same value as the schema around them. */
export const inPlaceKeywords: ReadonlySet<string> = new Set([
  "allOf",
  "anyOf",
  "oneOf",
  "not",
  "if",
  "then",
  "else",
  "dependentSchemas",
]);

/** Schemas that one schema may apply to one value; one that is applied twice counts twice. */
const maxApplied = 10_000;
/** Of these, so many may each be applied by the one before. */
const maxLevels = 256;

/** What a schema applies to its own value, itself included. */
interface Applied {
  readonly count: number;
  readonly levels: number;
}

export interface ReferenceFault {
  readonly schema: JsonSchema;
  readonly what: string;
  readonly instead: string;
}

/** The first of `schemas` that is applied to a value only if it is applied to that value, or applies too many. */
export function findEndlessReference(
  schemas: Iterable<JsonSchema>,
  resolve: ResolveReference,
): ReferenceFault | undefined {
  const known = new Map<JsonSchema, Applied>();
  const open = new Set<JsonSchema>();
  let fault: ReferenceFault | undefined;
  const visit = (schema: JsonSchema): Applied => {
    const one = { count: 1, levels: 1 };
    if (typeof schema === "boolean" || fault !== undefined) return one;
    const done = known.get(schema);
    if (done !== undefined) return done;
    if (open.has(schema)) {
      const instead = "put a property or an element in between";
      fault = { schema, what: "a $ref leads back to itself", instead };
      return one;
    }
    open.add(schema);
    let { count, levels } = one;
    const add = (inner: JsonSchema): void => {
      if (open.size > maxLevels) levels = open.size;
      if (levels > maxLevels) return;
      const applied = visit(inner);
      count += applied.count;
      levels = Math.max(levels, 1 + applied.levels);
    };
    if (schema.$ref !== undefined) add(resolve(schema.$ref, schema));
    forEachSubschema(schema, (subschema, keyword) => {
      if (inPlaceKeywords.has(keyword)) add(subschema);
    });
    open.delete(schema);
    known.set(schema, { count, levels });
    if (count > maxApplied || levels > maxLevels) {
      const many =
        count > maxApplied
          ? `${maxApplied} schemas are`
          : `${maxLevels} schemas, each by the one before, are`;
      fault ??= { schema, what: `more than ${many} applied to the same value`, instead: "refer to fewer" };
    }
    return { count, levels };
  };
  for (const schema of schemas) visit(schema);
  return fault;
}
