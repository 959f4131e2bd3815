/**
 * Whether a schema alone keeps its values from being nested deeply, so that nobody has to measure them.
 */
import type { JsonSchema } from "../definition/json-schema.ts";
import { type PlainSchema, type PlainSchemaObject, plainResolverOf, plainSchema } from "./plain-schema.ts";
import type { CompileOptions } from "./validator.ts";

/** As `limits.maxDepth` by default. */
const maxDepth = 64;
/** Schemas that lead one to the next: beyond these nobody is sure. */
const maxOpenLevels = 500;

/**
 * Whether every value that satisfies `schema` has at most 64 levels of arrays and objects. `false` when unsure.
 *
 * With `tolerant`, as a tolerant reader reads it: what is closed is open, hence not bounded.
 */
export function isBounded(schema: JsonSchema, options?: CompileOptions): boolean {
  const plain = plainSchema(schema, options);
  const resolve = plainResolverOf(plain);
  const known = new Map<PlainSchema, number>();
  let openLevels = 0;
  const depthOf = (inner: PlainSchema): number => {
    if (typeof inner === "boolean") return inner ? Infinity : 0;
    if (openLevels > maxOpenLevels) return Infinity;
    const depth = known.get(inner);
    if (depth !== undefined) return depth;
    known.set(inner, Infinity); // what leads to itself has no bound
    openLevels++;
    const deepest = (schemas: readonly PlainSchema[]): number => Math.max(0, ...schemas.map(depthOf));
    const bounds = [ownDepth(inner, deepest)];
    if (inner.$ref !== undefined) bounds.push(depthOf(resolve(inner.$ref, inner)));
    bounds.push(...(inner.allOf ?? []).map(depthOf));
    if (inner.anyOf !== undefined) bounds.push(deepest(inner.anyOf));
    if (inner.oneOf !== undefined) bounds.push(deepest(inner.oneOf));
    if (inner.then !== undefined && inner.else !== undefined) bounds.push(deepest([inner.then, inner.else]));
    const least = Math.min(...bounds);
    openLevels--;
    known.set(inner, least);
    return least;
  };
  return depthOf(plain) <= maxDepth;
}

/** Levels that the type, the members and the elements of `schema` allow, all else aside. */
function ownDepth(schema: PlainSchemaObject, deepest: (schemas: readonly PlainSchema[]) => number): number {
  if (schema.bytes) return 0;
  if (schema.const !== undefined) return levelsOf(schema.const);
  if (schema.enum !== undefined) return levelsOf(schema.enum) - 1;
  if (schema.type === undefined) return Infinity;
  const types = [schema.type].flat();
  const inObject = types.includes("object") ? 1 + memberDepth(schema, deepest) : 0;
  const inArray = types.includes("array") ? 1 + elementDepth(schema, deepest) : 0;
  return Math.max(inObject, inArray);
}

function memberDepth(
  schema: PlainSchemaObject,
  deepest: (schemas: readonly PlainSchema[]) => number,
): number {
  const { properties = {}, patternProperties = {}, additionalProperties = true } = schema;
  return deepest([...Object.values(properties), ...Object.values(patternProperties), additionalProperties]);
}

function elementDepth(
  schema: PlainSchemaObject,
  deepest: (schemas: readonly PlainSchema[]) => number,
): number {
  const { prefixItems = [], maxItems = Infinity } = schema;
  const isTuple = maxItems <= prefixItems.length;
  return deepest(isTuple ? prefixItems : [...prefixItems, schema.items ?? true]);
}

function levelsOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return Object.values(value).reduce((most: number, member) => Math.max(most, 1 + levelsOf(member)), 1);
}
