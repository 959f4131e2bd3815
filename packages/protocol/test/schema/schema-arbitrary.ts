/**
 * Random schemas that pass {@link checkSchema}, and values for them: valid ones, nearly valid ones, and any.
 */
import fc from "fast-check";
import type { JsonSchema, JsonSchemaObject } from "../../src/definition/json-schema.ts";
import { checkSchema } from "../../src/schema/check-schema.ts";

const names = ["a", "b", "c", "x-1", "toString", "k/~"];
const texts = ["", "a", "b", "ab", "abc", "😀", "A1", "2020-02-29", "::1", "a@b.co"];
const numbers = [-1, 0, 1, 2, 3, 5, 0.1, 0.3, 1.5, 1e21, -2.5];

/** Any value that a codec may give: JSON, `undefined`, bytes, and numbers that JSON lacks. */
export const anyValue: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  leaf: fc.oneof(
    fc.constantFrom<unknown>(null, true, false, undefined, Number.NaN, Number.POSITIVE_INFINITY, 7n),
    fc.constantFrom(...texts),
    fc.constantFrom(...numbers),
    fc.nat(3).map((length) => new Uint8Array(length)),
  ),
  value: fc.oneof(
    { depthSize: "small", maxDepth: 3 },
    { arbitrary: tie("leaf"), weight: 3 },
    { arbitrary: fc.array(tie("value"), { maxLength: 4 }), weight: 2 },
    { arbitrary: fc.dictionary(fc.constantFrom(...names), tie("value"), { maxKeys: 4 }), weight: 3 },
  ),
})).value;

const jsonValue = fc.oneof(
  fc.constantFrom<unknown>(null, true, ...texts.slice(0, 4), ...numbers.slice(0, 5)),
  fc.constantFrom<unknown>([1], { a: 1 }, { a: "a", b: [] }, []),
);

/** A few of the members of `model`; the others are `undefined`. */
const some = (model: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<JsonSchemaObject> =>
  fc.record(
    Object.fromEntries(
      Object.entries(model).map(([keyword, said]) => [
        keyword,
        fc.oneof({ arbitrary: fc.constant(undefined), weight: 3 }, { arbitrary: said, weight: 1 }),
      ]),
    ),
  ) as fc.Arbitrary<JsonSchemaObject>;

const count = fc.nat(3);
const name = fc.constantFrom(...names);
const nameList = fc.uniqueArray(name, { maxLength: 2 });
const definitionCount = 2;

interface SchemaParts {
  [part: string]: unknown;
  schema: JsonSchema;
  inPlace: JsonSchema;
}

/** Options: with `unevaluated`, also the unevaluated keywords. */
export function anySchema({ unevaluated }: { readonly unevaluated: boolean }): fc.Arbitrary<JsonSchema> {
  const depth = fc.createDepthIdentifier();
  const { schema } = fc.letrec<SchemaParts>((tie) => {
    const child = tie("schema");
    const stringRules = some({
      minLength: count,
      maxLength: fc.integer({ min: 3, max: 5 }),
      pattern: fc.constantFrom("^a", "b$", "^.$", "[0-9]"),
      format: fc.constantFrom("date", "ipv6", "email"),
    });
    const numberRules = some({
      minimum: fc.constantFrom(0, 1, -1),
      maximum: fc.constantFrom(2, 3),
      exclusiveMinimum: fc.constantFrom(0, 0.1),
      exclusiveMaximum: fc.constantFrom(3, 5),
      multipleOf: fc.constantFrom(1, 2, 0.1, 0.5),
    });
    const arrayRules = some({
      items: child,
      prefixItems: fc.array(child, { minLength: 1, maxLength: 2 }),
      minItems: fc.nat(1),
      maxItems: fc.integer({ min: 1, max: 3 }),
      uniqueItems: fc.boolean(),
      ...(unevaluated ? { unevaluatedItems: child } : {}),
    });
    const contains = fc.oneof(
      { arbitrary: fc.constant({}), weight: 4 },
      { arbitrary: fc.record({ contains: child }), weight: 1 },
      {
        arbitrary: fc.record({
          contains: child,
          minContains: fc.nat(1),
          maxContains: fc.integer({ min: 1, max: 2 }),
        }),
        weight: 1,
      },
    );
    const objectRules = some({
      properties: fc.dictionary(name, child, { maxKeys: 3 }),
      required: nameList,
      additionalProperties: fc.oneof({ arbitrary: fc.constant(false), weight: 3 }, child),
      patternProperties: fc.dictionary(fc.constantFrom("^a", "1$", "t"), child, { minKeys: 1, maxKeys: 2 }),
      propertyNames: fc.constantFrom<JsonSchema>(
        { pattern: "^[a-c]" },
        { type: "string", maxLength: 3 },
        { enum: ["a", "b"] },
      ),
      minProperties: fc.nat(1),
      maxProperties: fc.integer({ min: 1, max: 3 }),
      dependentRequired: fc.dictionary(name, nameList, { minKeys: 1, maxKeys: 2 }),
      dependentSchemas: fc.dictionary(name, tie("inPlaceObject"), { minKeys: 1, maxKeys: 1 }),
      ...(unevaluated ? { unevaluatedProperties: fc.oneof(fc.constant(false), child) } : {}),
    });
    const combined = (branch: fc.Arbitrary<unknown>): fc.Arbitrary<object> =>
      fc.oneof<fc.Arbitrary<object>[]>(
        fc.record({ allOf: fc.array(branch, { minLength: 1, maxLength: 2 }) }),
        fc.record({ anyOf: fc.array(branch, { minLength: 1, maxLength: 3 }) }),
        fc.record({ oneOf: fc.array(branch, { minLength: 1, maxLength: 3 }) }),
        fc.record({ not: branch }),
        fc
          .tuple(branch, fc.option(branch, { nil: undefined }), branch)
          .map(([condition, then, otherwise]) => conditional(condition, then, otherwise)),
      );
    const typed = (
      type: string | string[],
      ...rules: fc.Arbitrary<object>[]
    ): fc.Arbitrary<JsonSchemaObject> =>
      fc.tuple(...rules).map((parts) => Object.assign({ type }, ...parts) as JsonSchemaObject);
    const maybe = (arbitrary: fc.Arbitrary<object>): fc.Arbitrary<object> =>
      fc.oneof({ arbitrary: fc.constant({}), weight: 3 }, { arbitrary, weight: 1 });
    return {
      inPlaceObject: fc.oneof(
        { maxDepth: 4, depthIdentifier: depth },
        objectRules,
        typed("object", objectRules),
        combined(tie("inPlaceObject")),
      ),
      inPlaceArray: fc.oneof(
        { maxDepth: 4, depthIdentifier: depth },
        fc.tuple(arrayRules, contains).map((parts): object => Object.assign({}, ...parts)),
        combined(tie("inPlaceArray")),
      ),
      bytes: fc
        .record({ minLength: count, maxLength: fc.constantFrom(3, 4) }, { requiredKeys: [] })
        .map((lengths) => ({ type: "string", contentEncoding: "base64", ...lengths })),
      leaf: fc.oneof(
        typed("string", stringRules),
        typed("integer", numberRules),
        typed("number", numberRules),
        fc.constantFrom<JsonSchema>({ type: "boolean" }, { type: "null" }, true, {}, false),
        fc.record({ const: jsonValue }),
        fc.record({ enum: fc.array(jsonValue, { minLength: 1, maxLength: 4 }) }),
      ),
      inPlace: fc.oneof(child, fc.constant(true)),
      schema: fc.oneof(
        { depthSize: "small", maxDepth: 3, depthIdentifier: depth },
        { arbitrary: tie("leaf"), weight: 3 },
        { arbitrary: tie("bytes"), weight: 1 },
        { arbitrary: fc.nat(definitionCount).map((index) => ({ $ref: `#/$defs/d${index}` })), weight: 1 },
        { arbitrary: typed("array", arrayRules, contains, maybe(combined(tie("inPlaceArray")))), weight: 2 },
        { arbitrary: typed("object", objectRules, maybe(combined(tie("inPlaceObject")))), weight: 5 },
        { arbitrary: typed(["object", "null", "string"], objectRules, stringRules), weight: 1 },
        { arbitrary: combined(child), weight: 2 },
        { arbitrary: taggedUnion(child), weight: 1 },
      ),
    } as unknown as { [Part in keyof SchemaParts]: fc.Arbitrary<SchemaParts[Part]> };
  });
  return fc
    .tuple(schema, fc.array(schema, { minLength: definitionCount + 1, maxLength: definitionCount + 1 }))
    .map(([root, definitions]): JsonSchema => {
      if (typeof root === "boolean") return root;
      const $defs = Object.fromEntries(definitions.map((definition, i) => [`d${i}`, definition]));
      return JSON.parse(JSON.stringify({ ...root, $defs }));
    })
    .filter(isUsable);
}

function conditional(condition: unknown, then: unknown, otherwise: unknown): JsonSchemaObject {
  const met = then === undefined ? [] : [["then", then]];
  return Object.fromEntries([["if", condition], ...met, ["else", otherwise]]) as JsonSchemaObject;
}

/** Closed objects that a constant tells apart. */
function taggedUnion(child: fc.Arbitrary<unknown>): fc.Arbitrary<JsonSchemaObject> {
  return fc.array(child, { minLength: 2, maxLength: 3 }).map((members) => ({
    oneOf: members.map((member, i) => ({
      type: "object",
      properties: { a: { const: i }, b: member as JsonSchema },
      required: ["a"],
      additionalProperties: false,
    })),
  }));
}

/** Whether `schema` may stand in a protocol. */
export function isUsable(schema: JsonSchema): boolean {
  try {
    checkSchema(schema, "a random schema");
    return true;
  } catch {
    return false; // random schemas may contradict themselves; those that users write in earnest are tested by name
  }
}

/** Draws numbers from a list, round and round. */
class Dice {
  readonly #numbers: readonly number[];
  #at = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  below(bound: number): number {
    return (this.#numbers[this.#at++ % this.#numbers.length] ?? 0) % bound;
  }

  pick<Item>(items: readonly Item[]): Item | undefined {
    return items[this.below(items.length)];
  }
}

/** Numbers from which {@link valueFor} makes its choices. */
export const choices: fc.Arbitrary<number[]> = fc.array(fc.nat(1_000), { minLength: 8, maxLength: 40 });

/** A value that looks as `root` wants it, with a mistake now and then. */
export function valueFor(root: JsonSchema, numbers: readonly number[]): unknown {
  const dice = new Dice(numbers);
  const definitions: Readonly<Record<string, JsonSchema>> = (typeof root === "object" && root.$defs) || {};
  const make = (schema: JsonSchema, levels: number): unknown => {
    if (typeof schema === "boolean" || levels > 8) return dice.pick([1, "a", null, {}]);
    if (dice.below(20) === 0)
      return dice.pick<unknown>([undefined, 1.5, "zz", [], { z: 1 }, new Uint8Array(1), Number.NaN]);
    if (schema.const !== undefined) return schema.const;
    if (schema.enum !== undefined) return dice.pick(schema.enum);
    if (schema.$ref !== undefined)
      return make(definitions[schema.$ref.slice("#/$defs/".length)] ?? true, levels + 1);
    const branches = schema.anyOf ?? schema.oneOf ?? schema.allOf;
    const branch = branches && dice.pick(branches);
    const type = dice.pick([schema.type ?? []].flat());
    if (type === undefined) return branch === undefined ? dice.pick(texts) : make(branch, levels + 1);
    if (schema.contentEncoding !== undefined) return new Uint8Array(schema.minLength ?? dice.below(4));
    if (type === "string") return dice.pick(texts);
    if (type === "array") return makeArray(schema, levels);
    if (type !== "object")
      return type === "null" ? null : type === "boolean" ? dice.below(2) === 0 : dice.pick(numbers_);
    const inner = branch === undefined ? undefined : make(merge(schema, branch), levels + 1);
    return { ...makeObject(schema, levels), ...(isObject(inner) ? inner : {}) };
  };
  const makeArray = (schema: JsonSchemaObject, levels: number): unknown[] => {
    const length = dice.below(4);
    return Array.from({ length }, (_, i) =>
      make(schema.prefixItems?.[i] ?? schema.items ?? schema.contains ?? true, levels + 1),
    );
  };
  const makeObject = (schema: JsonSchemaObject, levels: number): Record<string, unknown> => {
    const object: Record<string, unknown> = {};
    for (const property of schema.required ?? [])
      object[property] = make(schema.properties?.[property] ?? true, levels + 1);
    for (const [property, member] of Object.entries(schema.properties ?? {})) {
      if (dice.below(3) > 0) object[property] = make(member, levels + 1);
    }
    if (dice.below(4) === 0)
      object[dice.pick(names) ?? ""] = make(schema.additionalProperties || true, levels + 1);
    if (dice.below(6) === 0) object[dice.pick(names) ?? ""] = undefined;
    return object;
  };
  return make(root, 0);
}

const numbers_ = numbers;

function merge(schema: JsonSchemaObject, branch: JsonSchema): JsonSchema {
  return typeof branch === "boolean" ? branch : { type: schema.type ?? "object", ...branch };
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}
