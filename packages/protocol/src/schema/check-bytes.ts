/**
 * Finds places where nobody could tell from JSON text whether a string is text or the base64 of bytes.
 *
 * Such schemas are refused when a protocol is defined, so that {@link binaryPaths} can go by what schemas declare.
 */
import type { JsonSchemaTypeName } from "../definition/json-schema.ts";
import { discriminatorOf } from "./exclusive-branches.ts";
import { pointTo } from "./issue.ts";
import { forEachSubschema } from "./keywords.ts";
import { type PlainSchema, type PlainSchemaObject, plainResolverOf } from "./plain-schema.ts";
import type { ResolveReference } from "./references.ts";

/** What is wrong with the bytes in `root`, and what to write instead; `undefined` if nothing is. */
export function bytesFault(root: PlainSchema): string | undefined {
  const resolve = plainResolverOf(root);
  if (!holdsBytes(root, resolve)) return undefined;
  return undecidableKeyword(root, resolve) ?? new PlaceCheck(resolve).faultAt([root], "");
}

/** Whether bytes can be anywhere in a value of `schema`. */
export function holdsBytes(
  schema: PlainSchema,
  resolve: ResolveReference,
  seen: Set<PlainSchema> = new Set(),
): boolean {
  if (typeof schema === "boolean" || seen.has(schema)) return false;
  seen.add(schema);
  let holds = Boolean(schema.bytes);
  if (schema.$ref !== undefined) holds ||= holdsBytes(resolve(schema.$ref, schema), resolve, seen);
  forEachSubschema(schema, (subschema) => {
    holds ||= holdsBytes(subschema, resolve, seen);
  });
  return holds;
}

/** Keywords under which bytes stand in no certain place, and where to put them. */
const undecidable: ReadonlyMap<string, string> = new Map([
  ["not", "describe bytes where they are"],
  ["if", "describe bytes in then and else"],
  ["contains", "describe bytes in items"],
  ["propertyNames", "names are never bytes"],
  ["unevaluatedProperties", "describe bytes in properties or additionalProperties"],
  ["unevaluatedItems", "describe bytes in items or prefixItems"],
]);

function undecidableKeyword(root: PlainSchema, resolve: ResolveReference): string | undefined {
  const seen = new Set<PlainSchema>();
  let fault: string | undefined;
  const visit = (schema: PlainSchema): void => {
    if (typeof schema === "boolean" || seen.has(schema)) return;
    seen.add(schema);
    forEachSubschema(schema, (subschema, keyword) => {
      const instead = undecidable.get(keyword);
      if (instead !== undefined && holdsBytes(subschema, resolve)) {
        fault ??= `${keyword} does not tell which values are bytes; ${instead}`;
      }
      visit(subschema);
    });
  };
  visit(root);
  return fault;
}

/** A schema for some place, with the types that schemas for the same value leave. */
interface Candidate {
  readonly schema: PlainSchema;
  readonly types: readonly JsonSchemaTypeName[];
}

/** Walks the places of a value, each with all schemas that may describe what stands there. */
class PlaceCheck {
  readonly #resolve: ResolveReference;
  readonly #numbers = new Map<PlainSchema, number>();
  readonly #seen = new Set<string>();

  constructor(resolve: ResolveReference) {
    this.#resolve = resolve;
  }

  faultAt(schemas: readonly PlainSchema[], place: string): string | undefined {
    const { candidates, unions } = this.#expand(schemas);
    return this.#faultOf(candidates, unions, place);
  }

  /** A union with a tag means one branch at a time, any other all its branches at once. */
  #faultOf(candidates: readonly Candidate[], unions: readonly Union[], place: string): string | undefined {
    let fault = this.#faultOfAll(candidates, place);
    for (const [i, union] of unions.entries()) {
      for (const branch of union) {
        const inner = this.#expand([branch]);
        fault ??= this.#faultOf(
          [...candidates, ...inner.candidates],
          [...unions.slice(i + 1), ...inner.unions],
          place,
        );
      }
    }
    return fault;
  }

  #faultOfAll(candidates: readonly Candidate[], place: string): string | undefined {
    const numbers = new Set(candidates.map(({ schema }) => this.#number(schema)));
    const key = [...numbers].sort((a, b) => a - b).join();
    if (this.#seen.has(key)) return undefined;
    this.#seen.add(key);
    const objects = candidates.flatMap(({ schema }) => (typeof schema === "boolean" ? [] : schema));
    if (objects.some((schema) => schema.bytes) && candidates.some(canBeText)) {
      const what = `a value at ${JSON.stringify(place)} can be bytes or a plain string, which are both strings in JSON text`;
      return `${what}; give them different properties, or describe both as bytes`;
    }
    for (const [name, children] of childrenOf(objects)) {
      const fault = children.length === 0 ? undefined : this.faultAt(children, pointTo(place, name));
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  #number(schema: PlainSchema): number {
    const number = this.#numbers.get(schema) ?? this.#numbers.size;
    this.#numbers.set(schema, number);
    return number;
  }

  /** `schemas` and all that apply to the same value as they do, but for the branches of unions with a tag. */
  #expand(schemas: readonly PlainSchema[]): { candidates: Candidate[]; unions: Union[] } {
    const candidates: Candidate[] = [];
    const unions: Union[] = [];
    const add = (schema: PlainSchema, context: readonly JsonSchemaTypeName[]): void => {
      if (typeof schema === "boolean") {
        candidates.push({ schema, types: context });
        return;
      }
      if (candidates.some((candidate) => candidate.schema === schema)) return;
      const types = schema.type === undefined ? context : [schema.type].flat();
      candidates.push({ schema, types });
      if (schema.$ref !== undefined) add(this.#resolve(schema.$ref, schema), types);
      const tagged = [schema.anyOf ?? [], schema.oneOf ?? []].filter((union) =>
        discriminatorOf(union, this.#resolve),
      );
      unions.push(...tagged);
      forEachSubschema(schema, (subschema, keyword) => {
        const isTagged = tagged.some((union) => union.includes(subschema));
        if (alternatives.has(keyword) && !isTagged) add(subschema, types);
      });
    };
    for (const schema of schemas) add(schema, []);
    return { candidates, unions };
  }
}

type Union = readonly PlainSchema[];

const alternatives = new Set(["allOf", "anyOf", "oneOf", "then", "else", "dependentSchemas"]);

/** Whether a plain string may satisfy what the candidate itself says. */
function canBeText({ schema, types }: Candidate): boolean {
  if (schema === false || (schema !== true && schema.bytes)) return false;
  if (types.length > 0) return types.includes("string");
  if (schema === true) return true;
  if (schema.const !== undefined) return typeof schema.const === "string";
  if (schema.enum !== undefined) return schema.enum.some((value) => typeof value === "string");
  const { $ref, allOf, anyOf, oneOf, then, else: otherwise } = schema;
  const leavesItToOthers = $ref ?? allOf ?? anyOf ?? oneOf ?? (then !== undefined && otherwise !== undefined);
  return !leavesItToOthers;
}

/** Each place inside a value of all `schemas`, with the schemas that may describe it. Patterns are taken to match alike. */
function* childrenOf(
  schemas: readonly PlainSchemaObject[],
): Iterable<[place: string, children: PlainSchema[]]> {
  const names = new Set(schemas.flatMap((schema) => declaredMembers(schema).map(([name]) => name)));
  for (const name of names) yield [name, schemas.flatMap((schema) => describedBy(schema, name))];
  const patterned = schemas.flatMap((schema) => Object.values(schema.patternProperties ?? {}));
  const others = schemas.filter((schema) => patterned.length === 0 || schema.patternProperties === undefined);
  yield ["*", [...patterned, ...others.flatMap(describedOthers)]];
  yield ["*", schemas.flatMap(describedOthers)];
  const longest = Math.max(0, ...schemas.flatMap(({ prefixItems }) => prefixItems?.length ?? 0));
  const listed = schemas.flatMap(listedValues).filter(Array.isArray);
  for (let i = 0; i <= Math.max(longest, ...listed.map(({ length }) => length)); i++) {
    const elements = schemas.map(({ prefixItems, items, contains }) => prefixItems?.[i] ?? items ?? contains);
    const constants = listed
      .filter(({ length }) => i < length)
      .map((array): PlainSchema => ({ const: array[i] }));
    yield [String(i), [...elements.filter((element) => element !== undefined), ...constants]];
  }
}

/** The values that `schema` lists. */
function listedValues({ const: constant, enum: values = [] }: PlainSchemaObject): readonly unknown[] {
  return constant === undefined ? values : [...values, constant];
}

/** The members that `schema` names, in `properties` or in the objects that it lists. */
function declaredMembers(schema: PlainSchemaObject): [name: string, member: PlainSchema][] {
  const objects = listedValues(schema).flatMap((value) =>
    typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [],
  );
  const constants = objects.map(([name, value]): [string, PlainSchema] => [name, { const: value }]);
  return [...Object.entries(schema.properties ?? {}), ...constants];
}

/** What `schema` says about the member `name`. */
function describedBy(schema: PlainSchemaObject, name: string): PlainSchema[] {
  const matching = Object.entries(schema.patternProperties ?? {}).filter(([source]) =>
    new RegExp(source, "u").test(name),
  );
  const declared = [...declaredMembers(schema).filter(([member]) => member === name), ...matching];
  return declared.length > 0 ? declared.map(([, member]) => member) : describedOthers(schema);
}

/** What `schema` says about members that it does not name, if it says anything. */
function describedOthers({ additionalProperties }: PlainSchemaObject): PlainSchema[] {
  return typeof additionalProperties === "object" ? [additionalProperties] : [];
}
