/**
 * Finds places where nobody could tell from JSON text whether a string is text or the base64 of bytes.
 *
 * Such schemas are refused when a protocol is defined, so that {@link binaryPaths} can go by what schemas declare.
 */
import type { JsonSchemaTypeName } from "../definition/json-schema.ts";
import { DescribedPlaces } from "./described-places.ts";
import { discriminatorOf } from "./exclusive-branches.ts";
import { pointTo } from "./issue.ts";
import { forEachSubschema } from "./keywords.ts";
import { type PlainSchema, plainResolverOf } from "./plain-schema.ts";
import type { ResolveReference } from "./references.ts";

/** What is wrong with the bytes in `root`, and what to write instead; `undefined` if nothing is. */
export function bytesFault(root: PlainSchema): string | undefined {
  const resolve = plainResolverOf(root);
  const holders = schemasWithBytes(root, resolve);
  if (!holders.has(root)) return undefined;
  return undecidableKeyword(root, holders) ?? new PlaceCheck(resolve, holders).faultIn(root);
}

/** Of `root` and all inside, the schemas that have bytes anywhere in their values. */
export function schemasWithBytes(root: PlainSchema, resolve: ResolveReference): ReadonlySet<PlainSchema> {
  /** The schemas that hold each schema, or refer to it. */
  const above = new Map<PlainSchema, PlainSchema[]>([[root, []]]);
  const found = new Set<PlainSchema>();
  for (const schema of above.keys()) {
    if (typeof schema === "boolean") continue;
    if (schema.bytes) found.add(schema);
    const add = (inner: PlainSchema): void => {
      const holders = above.get(inner);
      if (holders === undefined) above.set(inner, [schema]);
      else holders.push(schema);
    };
    if (schema.$ref !== undefined) add(resolve(schema.$ref, schema));
    forEachSubschema(schema, add);
  }
  for (const schema of found) for (const holder of above.get(schema) ?? []) found.add(holder);
  return found;
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

function undecidableKeyword(root: PlainSchema, holders: ReadonlySet<PlainSchema>): string | undefined {
  const seen = new Set<PlainSchema>();
  let fault: string | undefined;
  const visit = (schema: PlainSchema): void => {
    if (typeof schema === "boolean" || seen.has(schema)) return;
    seen.add(schema);
    forEachSubschema(schema, (subschema, keyword) => {
      const instead = undecidable.get(keyword);
      if (instead !== undefined && holders.has(subschema)) {
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

/** Steps that the check of one schema may take: alternatives for the same value multiply. */
const maxSteps = 2_000_000;

/** Walks the places of a value, each with all schemas that may describe what stands there. */
class PlaceCheck {
  readonly #resolve: ResolveReference;
  readonly #holders: ReadonlySet<PlainSchema>;
  readonly #numbers = new Map<PlainSchema, number>();
  readonly #places = new DescribedPlaces(maxSteps);
  /** What has been looked at together, before and after all that it applies was added. */
  readonly #seen = new Set<string>();
  readonly #waiting: { readonly schemas: readonly PlainSchema[]; readonly place: string }[] = [];

  constructor(resolve: ResolveReference, holders: ReadonlySet<PlainSchema>) {
    this.#resolve = resolve;
    this.#holders = holders;
  }

  faultIn(root: PlainSchema): string | undefined {
    this.#waiting.push({ schemas: [root], place: "" });
    for (const { schemas, place } of this.#waiting) {
      const { candidates, unions } = this.#expand(schemas);
      const fault = this.#faultOf(candidates, unions, place);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  /** A union with a tag means one branch at a time, any other all its branches at once. */
  #faultOf(candidates: readonly Candidate[], unions: readonly Union[], place: string): string | undefined {
    let fault = this.#faultOfAll(candidates, place);
    for (const [i, union] of unions.entries()) {
      for (const branch of union) {
        if (fault !== undefined) return fault;
        const inner = this.#expand([branch]);
        fault = this.#faultOf(
          [...candidates, ...inner.candidates],
          [...unions.slice(i + 1), ...inner.unions],
          place,
        );
      }
    }
    return fault;
  }

  #faultOfAll(candidates: readonly Candidate[], place: string): string | undefined {
    this.#places.steps += 1 + candidates.length;
    if (
      this.#isNew(
        "all",
        candidates.map(({ schema }) => schema),
      )
    ) {
      const objects = candidates.flatMap(({ schema }) => (typeof schema === "boolean" ? [] : schema));
      if (objects.some((schema) => schema.bytes) && candidates.some(canBeText)) {
        const what = `a value at ${JSON.stringify(place)} can be bytes or a plain string, which are both strings in JSON text`;
        return `${what}; give them different properties, or describe both as bytes`;
      }
      for (const [name, schemas] of this.#places.placesIn(objects)) {
        const holdsBytes = schemas.some((schema) => this.#holders.has(schema));
        if (holdsBytes && this.#isNew("own", schemas)) {
          this.#waiting.push({ schemas, place: pointTo(place, name) });
        }
      }
    }
    if (this.#places.steps <= maxSteps) return undefined;
    return "it takes too long to tell where bytes are; write fewer alternatives, and patternProperties without repeated groups";
  }

  #isNew(kind: "own" | "all", schemas: readonly PlainSchema[]): boolean {
    const numbers = new Set(schemas.map((schema) => this.#number(schema)));
    const key = kind + [...numbers].sort((a, b) => a - b).join();
    const { size } = this.#seen;
    return this.#seen.add(key).size > size;
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
    const added = new Set<PlainSchema>();
    const add = (schema: PlainSchema, context: readonly JsonSchemaTypeName[]): void => {
      if (typeof schema === "boolean") {
        candidates.push({ schema, types: context });
        return;
      }
      if (added.has(schema)) return;
      added.add(schema);
      const types = schema.type === undefined ? context : [schema.type].flat();
      candidates.push({ schema, types });
      if (schema.$ref !== undefined) add(this.#resolve(schema.$ref, schema), types);
      const tagged = [schema.anyOf ?? [], schema.oneOf ?? []].filter((union) =>
        discriminatorOf(union, this.#resolve),
      );
      unions.push(...tagged);
      const branches = new Set(tagged.flat());
      forEachSubschema(schema, (subschema, keyword) => {
        if (alternatives.has(keyword) && !branches.has(subschema)) add(subschema, types);
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
