/**
 * The fast engine: Ajv, which generates code. Same verdicts and same issues as the closures of `@sluice/protocol`.
 *
 * Where Ajv takes JSON Schema or JavaScript differently (members that are `undefined`, equality, decimals), its keywords are
 * replaced; after a refusal, closures say what is wrong. See docs/validation.md.
 */
import { closures, type Validate, type Validator } from "@sluice/protocol";
import {
  formats,
  hasUniqueItems,
  isBytes,
  isMultiple,
  isOneOf,
  namesOf,
  type PlainSchema,
  plainSchema,
  validateFunction,
} from "@sluice/protocol/wire";
import { _, Ajv2020, type Code, type KeywordCxt } from "ajv/dist/2020.js";
import { Type } from "ajv/dist/compile/util.js";

export interface AjvOptions {
  /**
   * Makes the test of a `pattern`, for instance with an engine that needs linear time; without a state of its own. Default:
   * `new RegExp(source, "u")`.
   */
  readonly regExp?: (source: string) => { test(text: string): boolean };
}

/**
 * A validator that generates code: the fastest, where `new Function` is allowed. Compiling takes milliseconds.
 *
 * Schemas with `unevaluatedProperties` or `unevaluatedItems` are compiled to closures, since Ajv is wrong about some values.
 */
export function ajv(options: AjvOptions = {}): Validator {
  const safe = closures(options);
  return {
    name: "ajv",
    compile(schema, compileOptions): Validate {
      const plain = plainSchema(schema, compileOptions);
      const isForClosures = mentions(plain, (keyword) => keyword.startsWith("unevaluated"));
      if (isForClosures) return safe.compile(schema, compileOptions);
      const check = compileCode(plain, options.regExp);
      if (check === undefined) return safe.compile(schema, compileOptions);
      let explain: Validate | undefined;
      return validateFunction(check, (value) => {
        explain ??= safe.compile(schema, compileOptions);
        return explain(value);
      });
    },
  };
}

/**
 * `undefined` if Ajv, which compiles by recursion, runs out of stack.
 * @throws {TypeError} for what Ajv refuses; an EvalError where code must not be generated
 */
function compileCode(
  schema: PlainSchema,
  regExp: AjvOptions["regExp"],
): ((value: unknown) => boolean) | undefined {
  if (typeof schema === "boolean") return () => schema;
  // Looking only at own members costs half of the speed, and matters for names that every object inherits.
  const ownProperties = mentions(schema, (name) => name in Object.prototype);
  try {
    // An instance of its own costs a tenth of a millisecond, and keeps nothing once the function is gone.
    return createAjv(ownProperties, regExp).compile(schema);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    if (error instanceof EvalError || !(error instanceof Error)) throw error;
    throw new TypeError(error.message, { cause: error });
  }
}

function createAjv(ownProperties: boolean, regExp: AjvOptions["regExp"]): Ajv2020 {
  const instance = new Ajv2020({
    strict: true,
    allowUnionTypes: true,
    allowMatchingProperties: true,
    strictRequired: false,
    strictTuples: false,
    allErrors: false,
    messages: false,
    unicodeRegExp: true,
    ownProperties,
    validateSchema: false,
    meta: false,
    addUsedSchema: false,
    logger: false,
    formats: Object.fromEntries(formats),
    ...(regExp === undefined ? {} : { code: { regExp: regExpEngine(regExp) } }),
  });
  instance.opts.unevaluated = false; // nobody asks for what Ajv would keep books of, not always rightly
  instance.addKeyword({ keyword: "bytes", schemaType: ["boolean", "object"], code: bytesCode });
  for (const [keyword, change] of Object.entries(changedKeywords)) {
    const rule = instance.RULES.all[keyword];
    if (typeof rule !== "object" || !("code" in rule.definition)) {
      throw new Error(`Ajv has no keyword ${keyword}`);
    }
    const { error, ...definition } = rule.definition; // its texts know what Ajv's code has put aside for them
    rule.definition = { ...definition, code: (context) => change(context, () => definition.code(context)) };
  }
  return instance;
}

/** Ajv tells expressions apart by their text, so each one needs its own. */
function regExpEngine(regExp: NonNullable<AjvOptions["regExp"]>) {
  const make = (source: string) => {
    const expression = regExp(source);
    return { test: (text: string) => expression.test(text), toString: () => source };
  };
  return Object.assign(make, { code: "regExp" });
}

/** The plain form's keyword for byte strings, and for what is none. */
function bytesCode(context: KeywordCxt): void {
  const { schema, data } = context;
  if (schema === false) {
    context.fail(_`ArrayBuffer.isView(${data})`);
    return;
  }
  const { minLength, maxLength } = schema;
  const test = (value: unknown): boolean =>
    isBytes(value) && value.length >= minLength && value.length <= maxLength;
  context.fail(_`!${callable(context, test)}(${data})`);
}

/** Ajv's own code leaves out the keywords that come after it when the array is empty. */
function prefixItemsCode(context: KeywordCxt): void {
  const { gen, schema, data } = context;
  for (let i = 0; i < schema.length; i++) {
    const valid = gen.var("valid", true);
    gen.if(_`${data}.length > ${i}`, () => {
      context.subschema({ keyword: "prefixItems", schemaProp: i, dataProp: i }, valid);
    });
    context.ok(valid);
  }
}

/** Ajv's own code takes an empty array for what the array before it was. */
function containsCode(context: KeywordCxt): void {
  const { gen, parentSchema, data } = context;
  const { minContains = 1, maxContains } = parentSchema;
  const count = gen.let("count", 0);
  const isMatch = gen.name("isMatch");
  gen.forRange("i", 0, _`${data}.length`, (i) => {
    context.subschema(
      { keyword: "contains", dataProp: i, dataPropType: Type.Num, compositeRule: true },
      isMatch,
    );
    gen.if(isMatch, _`${count}++`);
  });
  const isInBounds = maxContains === undefined ? _`true` : _`${count} <= ${maxContains}`;
  context.result(_`${count} >= ${minContains} && ${isInBounds}`, () => context.reset());
}

/** What these keywords generate, given what Ajv itself would generate. */
const changedKeywords: Record<string, (context: KeywordCxt, generate: () => void) => void> = {
  additionalProperties: skipUndefined,
  patternProperties: skipUndefined,
  propertyNames: skipUndefined,
  prefixItems: prefixItemsCode,
  contains: containsCode,
  minProperties: (context) => context.fail(_`${countMembers(context)} < ${context.schemaCode}`),
  maxProperties: (context) => context.fail(_`${countMembers(context)} > ${context.schemaCode}`),
  multipleOf: (context) => {
    context.fail(_`!${callable(context, isMultiple)}(${context.data}, ${context.schemaCode})`);
  },
  uniqueItems: (context) => {
    if (context.schema) context.fail(_`!${callable(context, hasUniqueItems)}(${context.data})`);
  },
  const: (context, generate) =>
    isObject(context.schema) ? testIsOneOf(context, [context.schema]) : generate(),
  enum: (context, generate) =>
    context.schema.some(isObject) || context.schema.length > 20
      ? testIsOneOf(context, context.schema)
      : generate(),
};

/** Members that are `undefined` are absent, also in loops over all members. */
function skipUndefined({ gen }: KeywordCxt, generate: () => void): void {
  const { forIn } = gen;
  gen.forIn = (name, object, body, kind) =>
    forIn.call(gen, name, object, (key) => gen.if(_`${object}[${key}] !== undefined`, () => body(key)), kind);
  generate();
  gen.forIn = forIn;
}

function countMembers(context: KeywordCxt): Code {
  return _`${callable(context, namesOf)}(${context.data}).length`;
}

function testIsOneOf(context: KeywordCxt, allowed: readonly unknown[]): void {
  context.fail(_`!${callable(context, isOneOf(allowed))}(${context.data})`);
}

/** A name under which generated code can call `test`. */
function callable({ gen }: KeywordCxt, test: (...values: never[]) => unknown): Code {
  return gen.scopeValue("func", { ref: test });
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

/** Whether a key or a listed name anywhere in `schema` is one that is looked for. */
function mentions(
  schema: unknown,
  isWanted: (name: string) => boolean,
  seen: Set<unknown> = new Set(),
): boolean {
  if (typeof schema === "string") return isWanted(schema);
  if (typeof schema !== "object" || schema === null || seen.has(schema)) return false;
  seen.add(schema);
  const names = Array.isArray(schema) ? [] : Object.keys(schema);
  return names.some(isWanted) || Object.values(schema).some((inner) => mentions(inner, isWanted, seen));
}
