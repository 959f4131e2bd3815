/**
 * Compiles a plain schema to nested closures, without generating code: one node for each schema.
 */
import type { JsonSchema, JsonSchemaTypeName } from "../definition/json-schema.ts";
import { arrayRules } from "./array-keywords.ts";
import { isBytes } from "./byte-string.ts";
import { bytesRules } from "./bytes-keyword.ts";
import { combiningRules } from "./combining-keywords.ts";
import { issue, mustBeOfType, pointTo } from "./issue.ts";
import { isOfType, typeCheck } from "./json-type.ts";
import { numberRules } from "./number-keywords.ts";
import { type Members, objectRules } from "./object-keywords.ts";
import { type PlainSchema, type PlainSchemaObject, plainResolverOf } from "./plain-schema.ts";
import {
  allOf,
  anyOf,
  type Check,
  type Compiler,
  type Evaluated,
  type NamedRule,
  type RulesOf,
  type SchemaNode,
} from "./rule.ts";
import { stringRules } from "./string-keywords.ts";
import { unevaluatedRules } from "./unevaluated-keywords.ts";
import type { Issue } from "./validator.ts";

/** @throws {TypeError} for an unknown type or format; and whatever `pattern` throws */
export function compileSchema(root: PlainSchema, pattern: Compiler["pattern"]): SchemaNode {
  const resolve = plainResolverOf(root);
  const nodes = new Map<JsonSchema, SchemaNode>();
  /** Schemas that are being compiled, each because the one before holds it or refers to it. */
  let openLevels = 0;
  /** References to be compiled later, since they may lead further than the stack does. */
  const waiting: (() => void)[] = [];
  const make = (schema: JsonSchema): SchemaNode => {
    openLevels++;
    const node = makeNode(schema, compiler);
    openLevels--;
    return node;
  };
  const compile = (schema: JsonSchema): SchemaNode => {
    let node = nodes.get(schema);
    if (node === undefined) {
      node = make(schema);
      nodes.set(schema, node);
    }
    return node;
  };
  const compileReferenced = (reference: string, from: PlainSchemaObject): SchemaNode => {
    const schema = resolve(reference, from);
    const known = nodes.get(schema);
    if (known !== undefined) return known;
    // What refers to this node while it is being built gets functions that call what it will have.
    const node: { -readonly [Member in keyof SchemaNode]: SchemaNode[Member] } = {
      check: (value) => node.check(value),
      explain: (value, path, keyword) => node.explain(value, path, keyword),
      mark: (value, evaluated) => node.mark(value, evaluated),
      suits: (value) => node.suits(value),
    };
    nodes.set(schema, node);
    const complete = (): SchemaNode => Object.assign(node, make(schema));
    if (openLevels < maxOpenLevels) complete();
    else waiting.push(complete);
    return node;
  };
  const compiler: Compiler = { compile, compileReferenced, pattern, resolve };
  const node = compile(root);
  for (const complete of waiting) complete(); // which may add more
  return node;
}

/** From so many levels on references wait: most schemas are compiled before anything calls them, which is faster to call. */
const maxOpenLevels = 128;

function makeNode(schema: JsonSchema, compiler: Compiler): SchemaNode {
  if (typeof schema === "boolean") return booleanNode(schema);
  const type = onlyType(schema);
  if (type === undefined) return objectNode(schema, compiler);
  let node = bareNodes.get(type);
  if (node === undefined) {
    node = objectNode(schema, compiler);
    bareNodes.set(type, node);
  }
  return node;
}

/** Nodes of schemas that name a type and nothing else: most schemas do, and they need be made only once. */
const bareNodes = new Map<JsonSchemaTypeName, SchemaNode>();

function onlyType(schema: PlainSchemaObject): JsonSchemaTypeName | undefined {
  for (const keyword in schema) if (keyword !== "type" && keyword !== "bytes") return undefined;
  return typeof schema.type === "string" ? schema.type : undefined;
}

function booleanNode(accepts: boolean): SchemaNode {
  const check = (): boolean => accepts;
  return {
    check,
    explain: (_, path, keyword) => issue(path, keyword, "must be absent"),
    mark: () => {},
    suits: check,
  };
}

function objectNode(schema: PlainSchemaObject, compiler: Compiler): SchemaNode {
  const types = schema.type === undefined ? [] : [schema.type].flat();
  const typedRules = typedRulesOf(schema, types, compiler);
  const untypedRules = [...bytesRules(schema.bytes), ...combiningRules(schema, compiler)];
  const rulesFor = (value: unknown): NamedRule[] => [
    ...typedRules.flatMap(([type, rules]) => (isOfType(type, value) ? rules : [])),
    ...untypedRules,
  ];
  const lastRules = unevaluatedRules(schema, compiler, (value, evaluated) => {
    markBy(rulesFor(value), value, evaluated);
  });
  const isListed = (value: unknown): boolean =>
    types.length === 0 || types.some((type) => isOfType(type, value));
  const target = schema.$ref === undefined ? undefined : compiler.compileReferenced(schema.$ref, schema);
  return {
    check: allOf([
      ...checkByType(types, typedRules),
      ...untypedRules.map((rule) => rule.check),
      ...lastRules.map((rule) => rule.check),
    ]),
    explain: (value, path) =>
      isListed(value)
        ? explainBy([...rulesFor(value), ...lastRules], value, path)
        : issue(path, "type", mustBeOfType(types)),
    mark: (value, evaluated) => markBy([...rulesFor(value), ...lastRules], value, evaluated),
    suits: (value) => isListed(value) && (!schema.bytes || isBytes(value)) && target?.suits(value) !== false,
  };
}

type TypedRules = readonly (readonly [JsonSchemaTypeName, readonly NamedRule[]])[];

const rulesByType: readonly (readonly [JsonSchemaTypeName, RulesOf<never>])[] = [
  ["string", stringRules],
  ["number", numberRules],
  ["array", arrayRules],
  ["object", objectRules],
];

/** The rules for values of each type that `schema` lists (of any, if it lists none). */
function typedRulesOf(
  schema: PlainSchemaObject,
  types: readonly JsonSchemaTypeName[],
  compiler: Compiler,
): TypedRules {
  const typedRules: [JsonSchemaTypeName, readonly NamedRule[]][] = [];
  for (const [type, rulesOf] of rulesByType) {
    const isPossible = types.length === 0 || types.some((listed) => rulesTypeOf(listed) === type);
    // Whoever runs rules for one type has looked at the type of the value.
    const rules = isPossible
      ? (rulesOf(schema, compiler) as readonly NamedRule<never>[] as readonly NamedRule[])
      : [];
    if (rules.length > 0) typedRules.push([type, rules]);
  }
  return typedRules;
}

function rulesTypeOf(type: JsonSchemaTypeName): JsonSchemaTypeName {
  return type === "integer" ? "number" : type;
}

/** Whether the value is of a listed type (any, if none is listed) and satisfies the rules of its type. */
function checkByType(types: readonly JsonSchemaTypeName[], typedRules: TypedRules): Check[] {
  const checks = typedRules.map(([type, rules]) => ({ type, check: allOf(rules.map((rule) => rule.check)) }));
  if (types.length === 0) return checks.map(({ type, check }) => checkIfOfType(type, check));
  const listed = types.map((type) => {
    const rules = checks.find((typed) => typed.type === rulesTypeOf(type));
    return typeCheck(type, rules?.check);
  });
  return [anyOf(listed)];
}

/** Values of other types satisfy it. */
function checkIfOfType(type: JsonSchemaTypeName, check: Check): Check {
  return (value) => !isOfType(type, value) || check(value);
}

function markBy(rules: readonly NamedRule[], value: unknown, evaluated: Evaluated): void {
  for (const { visits } of rules) {
    for (const { node, name } of visits?.(value) ?? []) {
      if (name === undefined) node.mark(value, evaluated);
      else evaluated.add(name);
    }
  }
}

/** The issue of the first rule that refuses `value`: that of the first schema it applies in vain, else its own. */
function explainBy(rules: readonly NamedRule[], value: unknown, path: string): Issue {
  // One of them refuses it, so the last need not be asked.
  const refusing = rules.find((rule, i) => i === rules.length - 1 || !rule.check(value));
  for (const { node, keyword, name } of refusing?.visits?.(value) ?? []) {
    const visited = name === undefined ? value : (value as Members)[name];
    if (!node.check(visited)) {
      return node.explain(visited, name === undefined ? path : pointTo(path, name), keyword);
    }
  }
  return issue(path, refusing?.keyword ?? "schema", refusing?.expected?.(value) ?? "must match its schema");
}
