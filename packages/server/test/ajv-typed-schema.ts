/**
 * Says the same as a schema without types with types: `maxLength: 2` becomes "a string of at most 2, or any other type".
 *
 * So that schemas of the JSON-Schema-Test-Suite, most of which leave types out, are such as a protocol accepts.
 */
import type { JsonSchema, JsonSchemaObject, JsonSchemaTypeName } from "@sluice/protocol";

const types: readonly JsonSchemaTypeName[] = ["string", "number", "array", "object", "boolean", "null"];

const words = (text: string): string[] => text.split(" ");
/** The keywords that look at values of one type only. */
const typeOf: ReadonlyMap<string, string> = new Map(
  Object.entries({
    string: words("maxLength minLength pattern"),
    number: words("multipleOf maximum exclusiveMaximum minimum exclusiveMinimum"),
    array: words(
      "items prefixItems contains minContains maxContains maxItems minItems uniqueItems unevaluatedItems",
    ),
    object: words(
      "properties patternProperties additionalProperties unevaluatedProperties propertyNames required maxProperties " +
        "minProperties dependentRequired dependentSchemas",
    ),
  }).flatMap(([type, keywords]) => keywords.map((keyword) => [keyword, type])),
);
/** Keywords whose schemas apply to the same value. */
const inPlace: ReadonlySet<string> = new Set(words("allOf anyOf oneOf not if then else dependentSchemas"));
const holdsOne: ReadonlySet<string> = new Set(
  words(
    "items contains additionalProperties propertyNames unevaluatedItems unevaluatedProperties not if then else",
  ),
);
const holdsList: ReadonlySet<string> = new Set(words("allOf anyOf oneOf prefixItems"));
const holdsMap: ReadonlySet<string> = new Set(words("properties patternProperties dependentSchemas"));

type Said = Record<string, unknown>;

/** `root`, whose references are all `#/$defs/…`, with the type beside each keyword that is for one type. */
export function typedSchema(root: JsonSchema): JsonSchema {
  if (typeof root === "boolean") return root;
  const definitions = root.$defs ?? {};
  const typed = new Map<string, JsonSchema>();
  const anyType = new Map<JsonSchema, JsonSchema>();

  /** `schema` for a value of any type: alternatives, of which those that say nothing are one. */
  const forAnyType = (schema: JsonSchema): JsonSchema => {
    if (typeof schema === "boolean") return schema;
    const known = anyType.get(schema);
    if (known !== undefined) return known;
    const branches = types.map((type) => forType(schema, type)).filter((branch) => branch !== false);
    const free = branches.filter(saysOnlyType).map(({ type }) => type as JsonSchemaTypeName);
    const bound = branches.filter((branch) => !saysOnlyType(branch));
    const alternatives = free.length === 0 ? bound : [...bound, { type: free }];
    const [only] = alternatives;
    const result = only === undefined ? false : alternatives.length === 1 ? only : { anyOf: alternatives };
    anyType.set(schema, result);
    return result;
  };

  /** `schema` for a value that is known to be of `type`. */
  const forType = (schema: JsonSchema, type: JsonSchemaTypeName): JsonSchema => {
    if (typeof schema === "boolean") return schema ? { type } : false;
    const listed = [schema.type ?? type].flat();
    const isInteger =
      type === "integer" || (type === "number" && listed.includes("integer") && !listed.includes("number"));
    const met = isInteger ? "integer" : type;
    if (!listed.includes(met) && !(isInteger && listed.includes("number"))) return false;
    const said: Said = { type: met };
    for (const [keyword, held] of Object.entries(schema)) {
      const keywordType = typeOf.get(keyword);
      if (keyword === "type" || keyword === "$defs") continue;
      if (keywordType !== undefined && keywordType !== (met === "integer" ? "number" : met)) continue;
      if (keyword === "$ref") said.$ref = refer(String(held), met);
      else said[keyword] = change(keyword, held, (inner) => inside(inner, keyword, met));
    }
    return complete(said);
  };

  const inside = (schema: JsonSchema, keyword: string, type: JsonSchemaTypeName): JsonSchema => {
    if (keyword === "propertyNames") return forType(schema, "string");
    return inPlace.has(keyword) ? forType(schema, type) : forAnyType(schema);
  };

  const refer = (reference: string, type: JsonSchemaTypeName): string => {
    const name = reference.slice("#/$defs/".length);
    const typedName = `${name}-${type}`;
    if (!typed.has(typedName)) {
      typed.set(typedName, true); // before it is made, which may refer to it
      typed.set(typedName, forType(definitions[name] ?? false, type));
    }
    return `#/$defs/${typedName}`;
  };

  const result = forAnyType(root);
  if (typeof result === "boolean" || typed.size === 0) return result;
  return { ...result, $defs: Object.fromEntries(typed) };
}

/** Keywords that do nothing are refused in protocols, also where others build on them. */
function complete(said: Said): JsonSchemaObject {
  if (said.if === undefined) {
    delete said.then;
    delete said.else;
  } else if (said.then === undefined && said.else === undefined) {
    said.else = true;
  }
  if (said.contains === undefined) {
    delete said.minContains;
    delete said.maxContains;
  } else if (said.minContains === 0) said.maxContains ??= 1_000_000;
  return said;
}

function change(keyword: string, held: unknown, map: (schema: JsonSchema) => JsonSchema): unknown {
  if (holdsOne.has(keyword)) return map(held as JsonSchema);
  if (holdsList.has(keyword)) return (held as JsonSchema[]).map(map);
  if (!holdsMap.has(keyword)) return held;
  const members = Object.entries(held as Record<string, JsonSchema>);
  return Object.fromEntries(members.map(([name, schema]) => [name, map(schema)]));
}

function saysOnlyType(schema: JsonSchema): schema is JsonSchemaObject {
  return typeof schema === "object" && Object.keys(schema).length === 1 && schema.type !== undefined;
}
