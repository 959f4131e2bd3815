/**
 * A schema in the plain form that every engine compiles, so that references, bytes and tolerance mean the same to all.
 *
 * Notes are gone; each `$ref` is `#/$defs/0`, `#/$defs/1`, …; byte strings are `{ bytes: { minLength, maxLength } }`; what
 * may be an object says `bytes: false`. Read tolerantly, closed objects are open, see {@link plainSchema}.
 */
import type { JsonSchema, JsonSchemaObject } from "../definition/json-schema.ts";
import { isByteString } from "./byte-string.ts";
import { discriminatorOf, haveDistinctTypes } from "./exclusive-branches.ts";
import { isSchema, keywordHolds, ownMember } from "./keywords.ts";
import { type ResolveReference, resolverOf } from "./references.ts";
import type { CompileOptions } from "./validator.ts";

/** Bounds on the number of bytes. */
export interface ByteLengths {
  readonly minLength: number;
  readonly maxLength: number;
}

export interface PlainSchemaObject extends JsonSchemaObject {
  /** The value is a `Uint8Array` within these bounds; `false`: it is not one. */
  readonly bytes?: ByteLengths | false;
}

export type PlainSchema = boolean | PlainSchemaObject;

type Draft = { -readonly [Keyword in keyof PlainSchemaObject]: PlainSchemaObject[Keyword] } & {
  [keyword: string]: unknown;
};

/**
 * The plain form of `root`.
 *
 * With `tolerant`, `additionalProperties: false` and `unevaluatedProperties: false` accept every member. Whatever the strict
 * schema accepts, the tolerant one accepts. So that no other branch is chosen, these are read strictly all the same: `not`,
 * `if`, and `contains` beside `maxContains`. A `oneOf` whose branches have no tag and no types that tell them apart accepts a
 * value that matches exactly one branch strictly or, if none, at least one tolerantly.
 * @throws {TypeError} for an unknown keyword, a `$ref` that leads nowhere, or an encoding other than base64
 */
export function plainSchema(root: JsonSchema, { tolerant = false }: CompileOptions = {}): PlainSchema {
  const resolve = resolverOf(root);
  const forms = { strict: new Map<JsonSchema, Draft>(), tolerant: new Map<JsonSchema, Draft>() };
  /** The forms that references lead to, by what they are called. */
  const names = new Map<PlainSchema, string>();
  /** Forms yet to be filled: one after the other, since references may lead far. */
  const waiting: (() => void)[] = [];

  const formOf = (schema: JsonSchema, isTolerant: boolean): PlainSchema => {
    if (!isSchema(schema)) throw new TypeError("A schema is true, false or an object");
    if (typeof schema === "boolean") return schema;
    const known = forms[isTolerant ? "tolerant" : "strict"];
    let form = known.get(schema);
    if (form === undefined) {
      form = {};
      known.set(schema, form);
      const empty = form;
      waiting.push(() => fill(empty, schema, isTolerant));
    }
    return form;
  };

  const fill = (form: Draft, schema: JsonSchemaObject, isTolerant: boolean): void => {
    if (isByteString(schema)) {
      const { minLength = 0, maxLength = Number.MAX_SAFE_INTEGER } = schema;
      form.bytes = { minLength, maxLength };
      return;
    }
    copyKeywords(form, schema, isTolerant);
    if (isTolerant) loosen(form, schema);
  };

  const copyKeywords = (form: Draft, schema: JsonSchemaObject, isTolerant: boolean): void => {
    for (const keyword of Object.keys(schema)) {
      const held = ownMember(schema, keyword);
      if (held !== undefined) copyKeyword(form, schema, keyword, held, isTolerant);
    }
    if (schema.type === "object" || (Array.isArray(schema.type) && schema.type.includes("object"))) {
      form.bytes = false;
    }
  };

  const copyKeyword = (
    form: Draft,
    schema: JsonSchemaObject,
    keyword: string,
    held: unknown,
    isTolerant: boolean,
  ): void => {
    const isStrict =
      keyword === "not" || keyword === "if" || (keyword === "contains" && schema.maxContains !== undefined);
    const inside = (subschema: JsonSchema): PlainSchema => formOf(subschema, isTolerant && !isStrict);
    const holds = keywordHolds(keyword);
    if (keyword === "$ref") form.$ref = referTo(inside(resolve(String(held), schema)));
    else if (holds === undefined || keyword === "contentEncoding") {
      throw new TypeError(`Unknown keyword "${keyword}": ${JSON.stringify(held)}`);
    } else if (holds === "rule") form[keyword] = held;
    else if (holds === "one") form[keyword] = inside(held as JsonSchema);
    else if (holds === "list") form[keyword] = (held as JsonSchema[]).map(inside);
    else if (holds === "map" && keyword !== "$defs") {
      form[keyword] = mapMembers(held as { [name: string]: JsonSchema }, inside);
    }
  };

  const referTo = (form: PlainSchema): string => {
    if (!names.has(form)) names.set(form, String(names.size));
    return `#/$defs/${names.get(form)}`;
  };

  const loosen = (form: Draft, schema: JsonSchemaObject): void => {
    if (form.additionalProperties === false) form.additionalProperties = true;
    if (form.unevaluatedProperties === false) form.unevaluatedProperties = true;
    if (schema.oneOf === undefined || discriminatorOf(schema.oneOf, resolve) !== undefined) return;
    if (haveDistinctTypes(schema.oneOf, resolve)) return;
    const strict = schema.oneOf.map((branch) => formOf(branch, false));
    const loose = { not: { anyOf: strict }, anyOf: form.oneOf ?? [] };
    form.allOf = [...(form.allOf ?? []), { anyOf: [{ oneOf: strict }, loose] }];
    delete form.oneOf;
  };

  const form = formOf(root, tolerant);
  for (const fillNext of waiting) fillNext(); // which may add more
  if (names.size === 0 || typeof form === "boolean") return form;
  const $defs = Object.fromEntries([...names].map(([definition, name]) => [name, definition]));
  return names.has(form) ? { $ref: referTo(form), $defs } : { ...form, $defs };
}

/** Resolves the references of a plain schema. */
export function plainResolverOf(root: PlainSchema): ResolveReference {
  const definitions = (typeof root === "object" && root.$defs) || {};
  return (reference) => definitions[reference.slice("#/$defs/".length)] ?? false;
}

/** A map with the same names; `__proto__` stays a name. */
function mapMembers<From, To>(
  map: { readonly [name: string]: From },
  change: (member: From) => To,
): { [name: string]: To } {
  return Object.fromEntries(Object.entries(map).map(([name, member]) => [name, change(member)]));
}
