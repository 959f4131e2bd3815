/**
 * Refuses, when a protocol is defined, a schema that is none, that has a mistake, or on which two engines could disagree.
 *
 * What passes here compiles in every engine, with the same verdicts. See docs/validation.md.
 */
import type { JsonSchema, JsonSchemaObject, JsonSchemaTypeName } from "../definition/json-schema.ts";
import { isByteString } from "./byte-string.ts";
import { bytesFault } from "./check-bytes.ts";
import { findEndlessReference, inPlaceKeywords } from "./endless-reference.ts";
import { insteadOf } from "./keyword-hints.ts";
import { isPattern, missingShape, typeOfKeyword } from "./keyword-shapes.ts";
import { forEachSubschema, isSchema, keywordHolds } from "./keywords.ts";
import { plainSchema } from "./plain-schema.ts";
import { type ResolveReference, resolverOf } from "./references.ts";

/** Levels of schemas inside schemas; engines compile by recursion. */
const maxLevels = 128;
/** Schemas inside a schema; an object that stands in two places counts twice, as all that it holds. */
const maxSchemas = 10_000;
/** Names and values that `enum`, `const`, `required` and `dependentRequired` list, all together. */
const maxListed = 100_000;

/**
 * Checks `schema`, which stands at `where` (such as `"logs/watch" param`) in a protocol.
 *
 * @throws {TypeError} that says what is wrong, at which JSON Pointer, and what to write instead
 */
export function checkSchema(schema: unknown, where: string): asserts schema is JsonSchema {
  if (!isSchema(schema)) {
    throw new TypeError(faultText(where, "", "it is no schema", "write true, false or an object"));
  }
  const check = new SchemaCheck(where, schema);
  check.walk(schema, "", []);
  check.refuseReferences();
  const fault = check.holdsBytes ? bytesFault(plainSchema(schema)) : undefined;
  if (fault !== undefined) {
    throw new TypeError(`Cannot use the schema of ${where}: ${fault}`);
  }
}

function faultText(where: string, pointer: string, what: string, instead: string): string {
  return `Cannot use the schema of ${where}: ${what} at #${pointer}; ${instead}`;
}

class SchemaCheck {
  /** Whether a byte string has been seen. */
  holdsBytes = false;
  readonly #where: string;
  readonly #resolve: ResolveReference;
  /** Where each schema stands. One object may stand in several places. */
  readonly #pointers = new Map<JsonSchema, string>();
  readonly #open = new Set<JsonSchema>();
  #schemas = 0;
  #listed = 0;

  constructor(where: string, root: JsonSchema) {
    this.#where = where;
    this.#resolve = resolverOf(root);
  }

  /** Checks `schema` and all inside; `context` are the types that the value has if schemas around it hold, none if unknown. */
  walk(schema: JsonSchema, pointer: string, context: readonly JsonSchemaTypeName[]): void {
    if (typeof schema === "boolean") return;
    if (this.#open.has(schema)) this.#refuse(pointer, "the schema contains itself", "write a $ref to it");
    if (this.#open.size >= maxLevels) {
      this.#refuse(pointer, `schemas are nested more than ${maxLevels} levels deep`, "write $refs to $defs");
    }
    if (++this.#schemas > maxSchemas) {
      this.#refuse(pointer, `there are more than ${maxSchemas} schemas`, "write $refs to $defs, or fewer");
    }
    this.#open.add(schema);
    this.#pointers.set(schema, pointer);
    for (const [keyword, said] of Object.entries(schema)) {
      if (said !== undefined) this.#checkKeyword(keyword, said, pointer);
    }
    const types = this.#narrow(context, schema, pointer);
    this.#checkCompany(schema, types, pointer);
    forEachSubschema(schema, (subschema, keyword, name) => {
      const inside = `${pointer}/${keyword}${name === undefined ? "" : `/${escapeToken(name)}`}`;
      const innerTypes: readonly JsonSchemaTypeName[] =
        keyword === "propertyNames" ? ["string"] : inPlaceKeywords.has(keyword) ? types : [];
      this.walk(subschema, inside, innerTypes);
    });
    this.#open.delete(schema);
  }

  /** References that lead nowhere, or to too much. They are followed once all schemas have been seen. */
  refuseReferences(): void {
    for (const [schema, pointer] of this.#pointers) {
      if (typeof schema === "boolean" || schema.$ref === undefined) continue;
      try {
        this.#resolve(schema.$ref, schema);
      } catch (error) {
        const instead = "write # or #/… or the name of an $anchor or $id inside";
        this.#refuse(`${pointer}/$ref`, (error as Error).message, instead);
      }
    }
    const fault = findEndlessReference(this.#pointers.keys(), this.#resolve);
    if (fault !== undefined) this.#refuse(this.#pointers.get(fault.schema) ?? "", fault.what, fault.instead);
  }

  #refuse(pointer: string, what: string, instead: string): never {
    throw new TypeError(faultText(this.#where, pointer, what, instead));
  }

  /** A keyword on its own: known, and with a value that it can have. */
  #checkKeyword(keyword: string, said: unknown, pointer: string): void {
    const holds = keywordHolds(keyword);
    if (holds === undefined) {
      this.#refuse(pointer, `unknown keyword ${JSON.stringify(keyword)}`, insteadOf(keyword));
    }
    const place = `${pointer}/${escapeToken(keyword)}`;
    if (holds === "rule") {
      this.#listed += countValues(said, maxListed - this.#listed, maxLevels);
      if (this.#listed > maxListed) {
        const what = `there are more than ${maxListed} listed values, or one of more than ${maxLevels} levels`;
        this.#refuse(place, what, "describe them in another way");
      }
    }
    const missing = missingShape(keyword, said);
    if (missing !== undefined) {
      this.#refuse(place, `${keyword} has a value it cannot have`, `write ${missing}`);
    }
    const held =
      holds === "list" ? (said as unknown[]) : holds === "map" ? Object.values(said as object) : [];
    if (!held.every(isSchema)) {
      this.#refuse(place, `${keyword} holds something that is no schema`, "write true, false or an object");
    }
    const names =
      keyword === "required" ? (said as string[]) : holds === "map" ? Object.keys(said as object) : [];
    const dependents =
      keyword === "dependentRequired" ? Object.entries(said as Record<string, string[]>).flat(2) : [];
    if ([...names, ...dependents].includes("__proto__")) {
      this.#refuse(
        place,
        `a property is called "__proto__"`,
        "write another name: objects in memory cannot tell it apart",
      );
    }
    const invalid = keyword === "patternProperties" ? names.find((source) => !isPattern(source)) : undefined;
    if (invalid !== undefined) {
      this.#refuse(
        place,
        `${JSON.stringify(invalid)} is no pattern`,
        `write ${missingShape("pattern", undefined)}`,
      );
    }
  }

  /** The types that a value can have here. A type that the schemas around exclude is a mistake. */
  #narrow(
    context: readonly JsonSchemaTypeName[],
    schema: JsonSchemaObject,
    pointer: string,
  ): readonly JsonSchemaTypeName[] {
    const own = [schema.type ?? []].flat();
    if (own.length === 0) return context;
    if (context.length === 0) return own;
    const excluded = own.find(
      (type) => !context.includes(type) && !(type === "integer" && context.includes("number")),
    );
    if (excluded !== undefined) {
      const around = context.join(" or ");
      this.#refuse(
        `${pointer}/type`,
        `type "${excluded}" is never met`,
        `the schema around it wants ${around}`,
      );
    }
    return own;
  }

  /** Keywords that need others beside them, or cannot stand beside them. */
  #checkCompany(schema: JsonSchemaObject, types: readonly string[], pointer: string): void {
    const has = (keyword: keyof JsonSchemaObject): boolean => schema[keyword] !== undefined;
    for (const keyword of Object.keys(schema) as (keyof JsonSchemaObject)[]) {
      const type = typeOfKeyword(keyword);
      if (!has(keyword) || type === undefined || types.includes(type)) continue;
      if (type === "number" && types.includes("integer")) continue;
      const instead = `write type: "${type}" beside it, or leave ${keyword} out`;
      this.#refuse(pointer, `${keyword} is for values of type ${type}`, instead);
    }
    if (has("contentEncoding")) this.#checkByteString(schema, pointer);
    if (has("if") && !has("then") && !has("else")) {
      this.#refuse(pointer, "if does nothing without then or else", "write one of them, or leave if out");
    }
    for (const [keyword, needed] of companions) {
      if (has(keyword) && !has(needed)) {
        this.#refuse(
          pointer,
          `${keyword} does nothing without ${needed}`,
          `write ${needed}, or leave ${keyword} out`,
        );
      }
    }
    if (schema.minContains === 0 && !has("maxContains")) {
      this.#refuse(
        pointer,
        "contains does nothing with minContains: 0",
        "write maxContains, or leave both out",
      );
    }
    for (const [least, most] of bounds) {
      if (Number(schema[least]) > Number(schema[most])) {
        this.#refuse(
          pointer,
          `no value satisfies both ${least} and ${most}`,
          `write a ${most} of at least ${least}`,
        );
      }
    }
  }

  #checkByteString(schema: JsonSchemaObject, pointer: string): void {
    this.holdsBytes = true;
    if (!isByteString(schema)) {
      const instead = `write type: "string" beside it, and other types as further branches of an anyOf`;
      this.#refuse(pointer, "contentEncoding needs the type string alone", instead);
    }
    for (const [keyword, said] of Object.entries(schema)) {
      const isFine = ["type", "contentEncoding", "minLength", "maxLength", "$defs"].includes(keyword);
      if (!isFine && said !== undefined && keywordHolds(keyword) !== "note") {
        const instead = "only minLength and maxLength (in bytes) can stand beside contentEncoding";
        this.#refuse(pointer, `${keyword} says nothing about bytes`, instead);
      }
    }
  }
}

const companions = [
  ["then", "if"],
  ["else", "if"],
  ["minContains", "contains"],
  ["maxContains", "contains"],
] as const;

const bounds = [
  ["minimum", "maximum"],
  ["minLength", "maxLength"],
  ["minItems", "maxItems"],
  ["minContains", "maxContains"],
  ["minProperties", "maxProperties"],
] as const;

/** How many values there are in `value`, members and elements included: more than `most` if it has more, or too many levels. */
function countValues(value: unknown, most: number, levels: number): number {
  if (typeof value !== "object" || value === null) return 0;
  if (levels === 0) return most + 1;
  let count = 0;
  for (const member of Object.values(value)) {
    count += 1 + countValues(member, most - count, levels - 1);
    if (count > most) break;
  }
  return count;
}

function escapeToken(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}
