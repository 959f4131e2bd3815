/**
 * Where a `$ref` leads inside one schema document: JSON Pointers, `$anchor` and embedded `$id`; nothing remote, ever.
 *
 * Spec: JSON Schema 2020-12 core, §8.2.
 */
import type { JsonSchema, JsonSchemaObject } from "../definition/json-schema.ts";
import { forEachSubschema, isSchema, keywords, ownMember } from "./keywords.ts";

/** The schema that `reference`, a `$ref` of `from`, means. Throws a TypeError if there is none. */
export type ResolveReference = (reference: string, from: JsonSchemaObject) => JsonSchema;

/** The address of a document without `$id`, for relative ones to resolve against. */
export const unnamed = "sluice://schema/";

/** Where the schemas of one document, or of several, are to be found. */
export interface SchemaIndex {
  /** Schemas with an address: each document, and each `$id`, and each anchor as `address#anchor`. */
  readonly addressed: Map<string, JsonSchema>;
  /** The address that relative references of a schema resolve against: that of the resource it is part of. */
  readonly bases: Map<JsonSchemaObject, string>;
}

/** Resolves references inside `root`; the document is indexed at the first one. */
export function resolverOf(root: JsonSchema): ResolveReference {
  let index: SchemaIndex | undefined;
  return (reference, from) => {
    index ??= indexDocument(root, unnamed, { addressed: new Map(), bases: new Map() });
    return resolveIn(index, reference, from);
  };
}

/**
 * The schema that `reference`, a `$ref` of `from`, means.
 * @throws {TypeError} if there is none in `index`
 */
export function resolveIn(index: SchemaIndex, reference: string, from: JsonSchemaObject): JsonSchema {
  const [resource, fragment] = splitAddress(resolveAddress(reference, index.bases.get(from) ?? unnamed));
  const target =
    fragment === "" || fragment.startsWith("/")
      ? descend(index.addressed.get(resource), fragment)
      : index.addressed.get(`${resource}#${fragment}`);
  if (!isSchema(target)) {
    throw new TypeError(`$ref "${reference}" leads to no schema of this document`);
  }
  return target;
}

/** Adds the document that is found at `address`, with all inside, to `index`. */
export function indexDocument(document: JsonSchema, address: string, index: SchemaIndex): SchemaIndex {
  const name = (called: string, schema: JsonSchema): void => {
    const known = index.addressed.get(called);
    if (known !== undefined && known !== schema) throw new TypeError(`Two schemas are called "${called}"`);
    index.addressed.set(called, schema);
  };
  const visit = (schema: JsonSchema, outer: string): void => {
    if (typeof schema === "boolean" || index.bases.has(schema)) return;
    let base = outer;
    if (typeof schema.$id === "string") {
      base = resolveAddress(schema.$id, outer).replace(/#.*$/, "");
      name(base, schema);
    }
    index.bases.set(schema, base);
    for (const keyword of ["$anchor", "$dynamicAnchor"]) {
      const anchor = ownMember(schema, keyword);
      if (typeof anchor === "string") name(`${base}#${anchor}`, schema);
    }
    forEachSubschema(schema, (subschema) => visit(subschema, base));
  };
  name(address, document);
  visit(document, address);
  return index;
}

/** The address of a resource, and the decoded fragment, `""` for none. */
function splitAddress(address: string): [resource: string, fragment: string] {
  const hash = address.indexOf("#");
  return hash < 0 ? [address, ""] : [address.slice(0, hash), decodeFragment(address.slice(hash + 1))];
}

/** `reference` as an absolute URI. */
export function resolveAddress(reference: string, base: string): string {
  if (reference.startsWith("#")) return base + reference;
  try {
    return new URL(reference, base).href;
  } catch {
    return reference; // an address of nothing here: the caller finds no schema under it and says so
  }
}

function decodeFragment(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment; // a stray "%" stands for itself
  }
}

/** Follows `pointer` through keywords that hold schemas; a way through anything else leads nowhere. */
function descend(from: unknown, pointer: string): unknown {
  const tokens = pointer
    .split("/")
    .slice(1)
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
  let schema = from;
  for (let i = 0; i < tokens.length; i++) {
    const keyword = tokens[i] ?? "";
    const holds = keywords.get(keyword);
    schema = ownMember(schema, keyword);
    if (holds === "list" || holds === "map") schema = ownMember(schema, tokens[++i] ?? "");
    else if (holds !== "one") return undefined;
  }
  return schema;
}
