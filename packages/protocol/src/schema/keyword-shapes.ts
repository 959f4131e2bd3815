/**
 * What each keyword may say in a schema of a protocol, and which type of value it is for.
 *
 * The rules of the meta-schema, and a few that catch mistakes. Used when a protocol is defined, by {@link checkSchema}.
 */
import { formats } from "./formats.ts";
import { isSchema } from "./keywords.ts";

/** Says what is needed instead of `said`, or nothing if `said` will do. */
type Shape = (said: unknown) => string | undefined;

const types: readonly unknown[] = ["string", "number", "integer", "boolean", "object", "array", "null"];
const dialect = "https://json-schema.org/draft/2020-12/schema";
const quote = (texts: Iterable<unknown>): string =>
  Array.from(texts, (text) => JSON.stringify(text)).join(", ");

const isText = (said: unknown): said is string => typeof said === "string";
const needs =
  (what: string, test: (said: unknown) => boolean): Shape =>
  (said) =>
    test(said) ? undefined : what;

const text = needs("a string", isText);
const flag = needs("true or false", (said) => typeof said === "boolean");
const number = needs("a number", Number.isFinite);
const positive = needs("a number above 0", (said) => Number.isFinite(said) && Number(said) > 0);
const count = needs(
  "a whole number of at least 0",
  (said) => Number.isSafeInteger(said) && Number(said) >= 0,
);
const list = needs("an array", Array.isArray);
const anything: Shape = () => undefined;
const schema = needs("a schema: true, false or an object", isSchema);
const items = needs("a schema; those of a tuple are prefixItems", isSchema);
const schemas = needs("an array of one or more schemas", (said) => Array.isArray(said) && said.length > 0);
const named = needs("an object from names to schemas", (said) => isSchema(said) && typeof said === "object");
const names: Shape = (said) => {
  if (!Array.isArray(said) || !said.every(isText)) {
    return "an array of names, in the schema of the object that has the properties";
  }
  return new Set(said).size === said.length ? undefined : "an array without equal names";
};

const shapes: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  ["type", needsTypes],
  ["const", needs("a JSON value", isJson)],
  [
    "enum",
    needs(
      "an array of one or more JSON values",
      (said) => isJson(said) && Array.isArray(said) && said.length > 0,
    ),
  ],
  ["multipleOf", positive],
  ...pairs(number, ["maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum"]),
  ...pairs(count, ["maxLength", "minLength", "maxItems", "minItems", "minContains", "maxContains"]),
  ...pairs(count, ["maxProperties", "minProperties"]),
  ["pattern", needs("a regular expression that is valid with the flag u", isPattern)],
  ["format", needs(`one of ${quote(formats.keys())}`, (said) => isText(said) && formats.has(said))],
  ["contentEncoding", needs(`"base64", which stands for bytes (a Uint8Array)`, (said) => said === "base64")],
  ["required", names],
  ["dependentRequired", needsDependentNames],
  ["$schema", needs(`"${dialect}"`, (said) => said === dialect || said === `${dialect}#`)],
  [
    "$anchor",
    needs("a name of letters, digits, and - _ .", (said) => isText(said) && /^[A-Za-z_][\w.-]*$/.test(said)),
  ],
  ["$id", needs("a URI without a fragment", (said) => isText(said) && /^[^#]+#?$/.test(said))],
  ...pairs(text, ["$ref", "$comment", "title", "description", "contentMediaType"]),
  ...pairs(flag, ["uniqueItems", "deprecated", "readOnly", "writeOnly"]),
  ["examples", list],
  ["default", anything],
  ["items", items],
  ...pairs(schema, ["contains", "additionalProperties", "propertyNames", "unevaluatedItems"]),
  ...pairs(schema, ["unevaluatedProperties", "not", "if", "then", "else", "contentSchema"]),
  ...pairs(schemas, ["allOf", "anyOf", "oneOf", "prefixItems"]),
  ...pairs(named, ["properties", "patternProperties", "dependentSchemas", "$defs"]),
]);

/** What `keyword` needs instead of `said`, or `undefined` if it may say that. */
export function missingShape(keyword: string, said: unknown): string | undefined {
  return shapes.get(keyword)?.(said);
}

const typeByKeyword: ReadonlyMap<string, string> = new Map([
  ...pairs("string", ["maxLength", "minLength", "pattern", "format"]),
  ...pairs("number", ["multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum"]),
  ...pairs("array", [
    "items",
    "prefixItems",
    "contains",
    "minContains",
    "maxContains",
    "maxItems",
    "minItems",
  ]),
  ...pairs("array", ["uniqueItems", "unevaluatedItems"]),
  ...pairs("object", ["properties", "patternProperties", "additionalProperties", "unevaluatedProperties"]),
  ...pairs("object", ["propertyNames", "required", "maxProperties", "minProperties"]),
  ...pairs("object", ["dependentRequired", "dependentSchemas"]),
]);

/** The only type whose values `keyword` looks at; `undefined` if it looks at all. */
export function typeOfKeyword(keyword: string): string | undefined {
  return typeByKeyword.get(keyword);
}

/** Whether `source` is a regular expression with the flag `u`, of at most 10,000 characters. */
export function isPattern(source: unknown): boolean {
  try {
    return isText(source) && source.length <= maxPatternLength && Boolean(new RegExp(source, "u"));
  } catch {
    return false; // a SyntaxError is the answer
  }
}

const maxPatternLength = 10_000;

function pairs<Value>(value: Value, keywords: readonly string[]): [string, Value][] {
  return keywords.map((keyword) => [keyword, value]);
}

function needsTypes(said: unknown): string | undefined {
  const listed = [said].flat();
  const isRight =
    listed.length > 0 &&
    new Set(listed).size === listed.length &&
    listed.every((type) => types.includes(type));
  return isRight ? undefined : `one of ${quote(types)}, or an array of them`;
}

function needsDependentNames(said: unknown): string | undefined {
  const isRight =
    isSchema(said) &&
    typeof said === "object" &&
    Object.values(said).every((listed) => names(listed) === undefined);
  return isRight ? undefined : "an object from names to arrays of names";
}

function isJson(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object") return typeof value === "string" || typeof value === "boolean";
  if (value === null) return true;
  if (Array.isArray(value)) return Array.from(value).every(isJson);
  return !ArrayBuffer.isView(value) && Object.values(value).every(isJson);
}
