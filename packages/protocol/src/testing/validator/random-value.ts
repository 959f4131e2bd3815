/** Random values: any that a codec may give, and those that a schema wants, with a mistake now and then. */
import type { JsonSchema, JsonSchemaObject } from "../../definition/json-schema.ts";
import type { Dice } from "../dice.ts";
import { type RandomWords, type RandomWordsOptions, randomWords } from "./random-words.ts";

/** Any value that a codec may give: JSON, `undefined`, bytes, and numbers that JSON lacks. */
export function randomValue(dice: Dice, options?: RandomWordsOptions, levels = 3): unknown {
  const words = randomWords(options);
  if (levels === 0 || dice.below(8) < 3) return randomLeaf(dice, words);
  const inner = (): unknown => randomValue(dice, options, levels - 1);
  if (dice.below(5) < 2) return dice.list(0, 4, inner);
  return Object.fromEntries(dice.list(0, 4, () => [randomName(dice, words), inner()]));
}

function randomName(dice: Dice, { names, foreignNames }: RandomWords): string {
  return dice.pick([...names, ...foreignNames]);
}

function randomLeaf(dice: Dice, { texts, numbers }: RandomWords): unknown {
  return dice.weighed<unknown>([
    [2, () => dice.pick([null, true, false, undefined, Number.NaN, Number.POSITIVE_INFINITY, 7n])],
    [2, () => dice.pick(texts)],
    [2, () => dice.pick(numbers)],
    [1, () => new Uint8Array(dice.below(4))],
  ]);
}

/** Deeper than this a value is whatever comes. */
const deepest = 8;
/** What stands where something else is wanted. */
const mistakes: readonly unknown[] = [undefined, 1.5, "zz", [], { z: 1 }, new Uint8Array(1), Number.NaN];

/** A value that looks as `root` wants it, with a mistake now and then. */
export function valueFor(root: JsonSchema, dice: Dice, options?: RandomWordsOptions): unknown {
  const words = randomWords(options);
  const { texts, numbers } = words;
  const definitions: Readonly<Record<string, JsonSchema>> = (typeof root === "object" && root.$defs) || {};
  const make = (schema: JsonSchema, levels: number): unknown => {
    if (typeof schema === "boolean" || levels > deepest) return dice.pick<unknown>([1, "a", null, {}]);
    if (dice.oneIn(20)) return dice.pick(mistakes);
    if (schema.const !== undefined) return schema.const;
    if (schema.enum !== undefined) return dice.pick(schema.enum);
    if (schema.$ref === "#") return make(root, levels + 1);
    if (schema.$ref !== undefined)
      return make(definitions[schema.$ref.slice("#/$defs/".length)] ?? true, levels + 1);
    const branches = schema.anyOf ?? schema.oneOf ?? schema.allOf;
    const branch = branches && dice.pick(branches);
    const types = [schema.type ?? []].flat();
    if (types.length === 0) return branch === undefined ? dice.pick(texts) : make(branch, levels + 1);
    if (schema.contentEncoding !== undefined) return new Uint8Array(schema.minLength ?? dice.below(4));
    switch (dice.pick(types)) {
      case "string":
        return dice.pick(texts);
      case "array":
        return makeArray(schema, levels);
      case "null":
        return null;
      case "boolean":
        return dice.oneIn(2);
      case "object": {
        const inner = branch === undefined ? undefined : make(merge(schema, branch), levels + 1);
        return { ...makeObject(schema, levels), ...(isObject(inner) ? inner : {}) };
      }
      default:
        return dice.pick(numbers);
    }
  };
  const makeArray = (schema: JsonSchemaObject, levels: number): unknown[] =>
    Array.from({ length: dice.below(4) }, (_, at) =>
      make(schema.prefixItems?.[at] ?? schema.items ?? schema.contains ?? true, levels + 1),
    );
  const makeObject = (schema: JsonSchemaObject, levels: number): Record<string, unknown> => {
    const object: Record<string, unknown> = {};
    for (const property of schema.required ?? [])
      object[property] = make(schema.properties?.[property] ?? true, levels + 1);
    for (const [property, member] of Object.entries(schema.properties ?? {})) {
      if (!dice.oneIn(3)) object[property] = make(member, levels + 1);
    }
    const put = (name: string, value: unknown): void => {
      // Assigned, `__proto__` would be no member.
      Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
    };
    if (dice.oneIn(4)) put(randomName(dice, words), make(schema.additionalProperties || true, levels + 1));
    if (dice.oneIn(6)) put(randomName(dice, words), undefined);
    return object;
  };
  return make(root, 0);
}

function merge(schema: JsonSchemaObject, branch: JsonSchema): JsonSchema {
  return typeof branch === "boolean" ? branch : { type: schema.type ?? "object", ...branch };
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}
