/**
 * Finds out whether at most one branch of a `oneOf` or `anyOf` can match: by a tag property, or by type.
 */
import type { JsonSchema } from "../definition/json-schema.ts";
import { isByteString } from "./byte-string.ts";
import { ownMember } from "./keywords.ts";
import type { PlainSchemaObject } from "./plain-schema.ts";
import type { ResolveReference } from "./references.ts";

/** A required property whose value says which branch an object belongs to. */
export interface Discriminator {
  readonly property: string;
  /** The value of the property to the index of its branch. */
  readonly branches: ReadonlyMap<unknown, number>;
}

/** The property that tells `branches` apart: required in all, with constants that no two of them share. */
export function discriminatorOf(
  branches: readonly JsonSchema[],
  resolve: ResolveReference,
): Discriminator | undefined {
  const objects: PlainSchemaObject[] = [];
  for (const branch of branches) {
    const schema = follow(branch, resolve);
    if (schema?.type !== "object" || schema.properties === undefined) return undefined;
    objects.push(schema);
  }
  for (const property of objects[0]?.required ?? []) {
    const tagged = branchesBy(property, objects);
    if (tagged !== undefined) return { property, branches: tagged };
  }
  return undefined;
}

function branchesBy(
  property: string,
  objects: readonly PlainSchemaObject[],
): Map<unknown, number> | undefined {
  const branches = new Map<unknown, number>();
  for (const [index, { properties, required }] of objects.entries()) {
    const tag = ownMember(properties, property);
    const constant = ownMember(tag, "const");
    const values = constant === undefined ? ownMember(tag, "enum") : [constant];
    if (!Array.isArray(values) || !required?.includes(property)) return undefined;
    for (const value of values) {
      if ((typeof value === "object" && value !== null) || branches.has(value)) return undefined;
      branches.set(value, index);
    }
  }
  return branches;
}

/** Whether no type of value can match two of `branches`; `false` when unsure. */
export function haveDistinctTypes(branches: readonly JsonSchema[], resolve: ResolveReference): boolean {
  const seen = new Set<string>();
  for (const branch of branches) {
    const kinds = kindsOf(follow(branch, resolve));
    if (kinds.length === 0 || kinds.some((kind) => seen.has(kind))) return false;
    for (const kind of kinds) seen.add(kind);
  }
  return true;
}

function kindsOf(schema: PlainSchemaObject | undefined): readonly string[] {
  if (schema?.type === undefined) return schema?.bytes ? ["bytes"] : [];
  if (isByteString(schema)) return ["bytes"];
  return [schema.type].flat().map((type) => (type === "integer" ? "number" : type));
}

/** The object that `branch` is, behind a chain of references that say nothing of their own. */
function follow(branch: JsonSchema, resolve: ResolveReference): PlainSchemaObject | undefined {
  let schema = branch;
  for (let hops = 0; hops < 8; hops++) {
    if (typeof schema === "boolean") return undefined;
    if (schema.type !== undefined || schema.$ref === undefined) return schema;
    schema = resolve(schema.$ref, schema);
  }
  return undefined;
}
