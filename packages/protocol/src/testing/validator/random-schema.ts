/**
 * Random schemas of every keyword, for engines that must agree: small, and full of names that values for them have too.
 *
 * They may contradict themselves; `checkSchema` says which may stand in a protocol.
 */
import type { JsonSchema, JsonSchemaObject } from "../../definition/json-schema.ts";
import { checkSchema } from "../../schema/check-schema.ts";
import type { Dice } from "../dice.ts";
import { type RandomWords, type RandomWordsOptions, randomWords } from "./random-words.ts";

export interface RandomSchemaOptions extends RandomWordsOptions {
  /** Whether the unevaluated keywords occur too. */
  readonly unevaluated: boolean;
}

/** Schemas in schemas in schemas, so many. */
const deepest = 3;
/** `$defs` d0, d1, d2. */
const definitionCount = 3;

/** A record with `least` to `most` of the names that `name` gives. */
function record<Member>(
  dice: Dice,
  [least, most]: readonly [number, number],
  name: () => string,
  make: () => Member,
): Record<string, Member> {
  return Object.fromEntries(dice.list(least, most, () => [name(), make()]));
}

class SchemaMaker {
  readonly #dice: Dice;
  readonly #unevaluated: boolean;
  readonly #words: RandomWords;
  /** A keyword is there one time in so many. */
  readonly #sparseness: number;

  constructor(dice: Dice, options: RandomSchemaOptions) {
    this.#dice = dice;
    this.#unevaluated = options.unevaluated;
    this.#words = randomWords(options);
    this.#sparseness = options.edges ? 3 : 4;
  }

  /** Members of a schema: some of `rules`. */
  #some(rules: Readonly<Record<string, () => unknown>>): JsonSchemaObject {
    const said = Object.entries(rules).filter(() => this.#dice.oneIn(this.#sparseness));
    return Object.fromEntries(said.map(([keyword, make]) => [keyword, make()])) as JsonSchemaObject;
  }

  /** Any schema of at most `levels` more levels. */
  schema(levels: number): JsonSchema {
    const dice = this.#dice;
    if (levels === 0) return this.#leaf();
    return dice.weighed<JsonSchema>([
      [3, () => this.#leaf()],
      [1, () => this.#bytes()],
      [1, () => ({ $ref: dice.oneIn(8) ? "#" : `#/$defs/d${dice.below(definitionCount)}` })],
      [2, () => this.#array(levels)],
      [5, () => this.#object(levels)],
      [1, () => ({ type: ["object", "null", "string"], ...this.#members(levels), ...this.#string() })],
      [2, () => this.#combined(() => this.schema(levels - 1))],
      [1, () => this.#taggedUnion(levels)],
    ]);
  }

  #leaf(): JsonSchema {
    const dice = this.#dice;
    return dice.weighed<JsonSchema>([
      [1, () => ({ type: "string", ...this.#string() })],
      [1, () => ({ type: "integer", ...this.#number() })],
      [1, () => ({ type: "number", ...this.#number() })],
      [1, () => dice.pick<JsonSchema>([{ type: "boolean" }, { type: "null" }, true, {}, false])],
      [1, () => ({ const: this.#json() })],
      [1, () => ({ enum: dice.list(1, 4, () => this.#json()) })],
    ]);
  }

  #bytes(): JsonSchema {
    const dice = this.#dice;
    const lengths = this.#some({ minLength: () => dice.below(4), maxLength: () => dice.pick([3, 4]) });
    return { type: "string", contentEncoding: "base64", ...lengths };
  }

  #string(): JsonSchemaObject {
    const dice = this.#dice;
    return this.#some({
      minLength: () => dice.below(4),
      maxLength: () => 3 + dice.below(3),
      pattern: () => dice.pick(this.#words.patterns),
      format: () => dice.pick(["date", "ipv6", "email"]),
    });
  }

  #number(): JsonSchemaObject {
    const dice = this.#dice;
    return this.#some({
      minimum: () => dice.pick(this.#words.bounds),
      maximum: () => dice.pick(this.#words.bounds),
      exclusiveMinimum: () => dice.pick(this.#words.bounds),
      exclusiveMaximum: () => dice.pick(this.#words.bounds),
      multipleOf: () => dice.pick(this.#words.divisors),
    });
  }

  #array(levels: number): JsonSchema {
    const combined = this.#dice.oneIn(4) ? this.#combined(() => this.#inPlaceArray(levels - 1)) : {};
    return { type: "array", ...this.#items(levels), ...this.#contains(levels), ...combined };
  }

  #items(levels: number): JsonSchemaObject {
    const dice = this.#dice;
    const child = (): JsonSchema => this.schema(levels - 1);
    return this.#some({
      items: child,
      prefixItems: () => dice.list(1, 2, child),
      minItems: () => dice.below(2),
      maxItems: () => 1 + dice.below(3),
      uniqueItems: () => dice.oneIn(2),
      ...(this.#unevaluated ? { unevaluatedItems: child } : {}),
    });
  }

  #contains(levels: number): JsonSchemaObject {
    const dice = this.#dice;
    return dice.weighed<JsonSchemaObject>([
      [4, () => ({})],
      [1, () => ({ contains: this.schema(levels - 1) })],
      [
        1,
        () => ({
          contains: this.schema(levels - 1),
          minContains: dice.below(2),
          maxContains: 1 + dice.below(2),
        }),
      ],
    ]);
  }

  #object(levels: number): JsonSchema {
    const combined = this.#dice.oneIn(4) ? this.#combined(() => this.#inPlaceObject(levels - 1)) : {};
    return { type: "object", ...this.#members(levels), ...combined };
  }

  #members(levels: number): JsonSchemaObject {
    const dice = this.#dice;
    const child = (): JsonSchema => this.schema(levels - 1);
    const name = (): string => dice.pick(this.#words.names);
    const nameList = (): string[] => [...new Set(dice.list(0, 2, name))];
    return this.#some({
      properties: () => record(dice, [0, 3], name, child),
      required: nameList,
      additionalProperties: () => (dice.oneIn(4) ? child() : false),
      patternProperties: () => record(dice, [1, 2], () => dice.pick(this.#words.namePatterns), child),
      propertyNames: () =>
        dice.pick<JsonSchema>([
          { pattern: "^[a-c]" },
          { type: "string", maxLength: 3 },
          { enum: ["a", "b"] },
        ]),
      minProperties: () => dice.below(2),
      maxProperties: () => 1 + dice.below(3),
      dependentRequired: () => record(dice, [1, 2], name, nameList),
      dependentSchemas: () => record(dice, [1, 1], name, () => this.#inPlaceObject(levels - 1)),
      ...(this.#unevaluated ? { unevaluatedProperties: () => (dice.oneIn(2) ? false : child()) } : {}),
    });
  }

  /** A schema beside others that say the type. */
  #inPlaceObject(levels: number): JsonSchema {
    if (levels <= 0) return { type: "object" };
    return this.#dice.weighed<JsonSchema>([
      [1, () => this.#members(levels)],
      [1, () => ({ type: "object", ...this.#members(levels) })],
      [1, () => this.#combined(() => this.#inPlaceObject(levels - 1))],
    ]);
  }

  #inPlaceArray(levels: number): JsonSchema {
    if (levels <= 0) return { type: "array" };
    if (this.#dice.oneIn(2)) return { ...this.#items(levels), ...this.#contains(levels) };
    return this.#combined(() => this.#inPlaceArray(levels - 1));
  }

  #combined(branch: () => JsonSchema): JsonSchemaObject {
    const dice = this.#dice;
    return dice.weighed<JsonSchemaObject>([
      [1, () => ({ allOf: dice.list(1, 2, branch) })],
      [1, () => ({ anyOf: dice.list(1, 3, branch) })],
      [1, () => ({ oneOf: dice.list(1, 3, branch) })],
      [1, () => ({ not: branch() })],
      [
        1,
        () => {
          const condition = branch();
          const met = dice.oneIn(5) ? [] : [["then", branch()]];
          return Object.fromEntries([["if", condition], ...met, ["else", branch()]]) as JsonSchemaObject;
        },
      ],
    ]);
  }

  /** Closed objects that a constant tells apart. */
  #taggedUnion(levels: number): JsonSchema {
    const members = this.#dice.list(2, 3, () => this.schema(levels - 1));
    return {
      oneOf: members.map((member, tag) => ({
        type: "object",
        properties: { a: { const: tag }, b: member },
        required: ["a"],
        additionalProperties: false,
      })),
    };
  }

  #json(): never {
    const dice = this.#dice;
    const scalars: readonly unknown[] = [
      null,
      true,
      ...this.#words.texts.slice(0, 4),
      ...this.#words.numbers.slice(0, 5),
    ];
    // What a constant may be is any JSON; the type of one is narrower than that.
    return dice.pick<unknown>([...scalars, [1], { a: 1 }, { a: "a", b: [] }, []]) as never;
  }
}

/** A schema with `$defs`, that may contradict itself. */
export function randomSchema(dice: Dice, options: RandomSchemaOptions): JsonSchema {
  const maker = new SchemaMaker(dice, options);
  const root = maker.schema(deepest);
  if (typeof root === "boolean") return root;
  const $defs = Array.from({ length: definitionCount }, (_, at) => [`d${at}`, maker.schema(deepest)]);
  return { ...root, $defs: Object.fromEntries($defs) };
}

/** Whether `schema` may stand in a protocol; those that users write in earnest and may not are tested by name. */
export function isUsable(schema: JsonSchema): boolean {
  try {
    checkSchema(schema, "a random schema");
    return true;
  } catch {
    return false;
  }
}
