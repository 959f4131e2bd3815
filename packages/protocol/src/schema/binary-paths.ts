/**
 * Where the bytes are in values of a schema, worked out once: for codecs whose text has no bytes, such as JSON.
 */
import type { JsonSchema } from "../definition/json-schema.ts";
import { SluiceError } from "../errors/sluice-error.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import { isBytes } from "./byte-string.ts";
import { schemasWithBytes } from "./check-bytes.ts";
import { discriminatorOf } from "./exclusive-branches.ts";
import { pointTo } from "./issue.ts";
import { ownMember } from "./keywords.ts";
import { type PlainSchema, type PlainSchemaObject, plainResolverOf, plainSchema } from "./plain-schema.ts";
import type { ResolveReference } from "./references.ts";
import { isStackOverflow } from "./validate-function.ts";

export interface BinaryPaths {
  /** `value` with base64 in place of bytes. Copies what it changes and what leads there; `value` itself stays as it is. */
  toText(value: unknown): unknown;
  /**
   * `value` with bytes in place of base64, changed in place: pass only what was freshly parsed.
   * @throws {SluiceError} `DECODE_ERROR` with a JSON Pointer, where a string is not base64
   */
  fromText(value: unknown): unknown;
}

/**
 * The places of bytes in values of `schema`; `undefined` if there are none.
 * @throws {TypeError} if the schema is none
 */
export function binaryPaths(schema: JsonSchema): BinaryPaths | undefined {
  const plain = plainSchema(schema);
  const resolve = plainResolverOf(plain);
  const places = new PlaceMap(resolve, schemasWithBytes(plain, resolve)).placesIn(plain);
  if (places === undefined) return undefined;
  return {
    toText: (value) => new Conversion(toBase64, true).convert(value, places),
    fromText: (value) => new Conversion(fromBase64, false).convert(value, places),
  };
}

/** Which members and elements of a value lead to bytes, or whether it is bytes itself. */
interface Places {
  isBytes: boolean;
  /** Places of other schemas for the same value. */
  readonly alike: Places[];
  /** Of these, only those of the branch that a tag names. */
  readonly tagged: { readonly property: string; readonly byTag: ReadonlyMap<unknown, Places | undefined> }[];
  readonly members: Map<string, Places | undefined>;
  readonly patterns: [RegExp, Places | undefined][];
  others: Places | undefined;
  elements: (Places | undefined)[];
  furtherElements: Places | undefined;
}

class PlaceMap {
  readonly #resolve: ResolveReference;
  readonly #holders: ReadonlySet<PlainSchema>;
  readonly #known = new Map<PlainSchema, Places>();
  /** Places to be filled one after the other, since references may lead far. */
  readonly #waiting: (() => void)[] = [];

  constructor(resolve: ResolveReference, holders: ReadonlySet<PlainSchema>) {
    this.#resolve = resolve;
    this.#holders = holders;
  }

  /** The places in values of `root`; `undefined` if there are no bytes. */
  placesIn(root: PlainSchema): Places | undefined {
    const places = this.#placesOf(root);
    for (const fillNext of this.#waiting) fillNext(); // which may add more
    return places;
  }

  #placesOf(schema: PlainSchema | undefined): Places | undefined {
    if (schema === undefined || typeof schema === "boolean" || !this.#holders.has(schema)) return undefined;
    let places = this.#known.get(schema);
    if (places === undefined) {
      places = {
        isBytes: Boolean(schema.bytes),
        alike: [],
        tagged: [],
        members: new Map(),
        patterns: [],
        others: undefined,
        elements: [],
        furtherElements: undefined,
      };
      this.#known.set(schema, places);
      const empty = places;
      this.#waiting.push(() => this.#fill(empty, schema));
    }
    return places;
  }

  #fill(places: Places, schema: PlainSchemaObject): void {
    const { allOf = [], anyOf = [], oneOf = [], dependentSchemas = {}, $ref } = schema;
    const target = $ref === undefined ? [] : this.#resolve($ref, schema);
    const alike = [target, allOf, Object.values(dependentSchemas), schema.then ?? [], schema.else ?? []];
    for (const union of [anyOf, oneOf]) {
      const discriminator = discriminatorOf(union, this.#resolve);
      if (discriminator === undefined) {
        alike.push(union);
        continue;
      }
      const branches = union.map((branch) => this.#placesOf(branch));
      const byTag = new Map([...discriminator.branches].map(([tag, index]) => [tag, branches[index]]));
      places.tagged.push({ property: discriminator.property, byTag });
    }
    places.alike.push(...alike.flat().flatMap((other) => this.#placesOf(other) ?? []));
    for (const [name, member] of Object.entries(schema.properties ?? {})) {
      places.members.set(name, this.#placesOf(member));
    }
    for (const [source, member] of Object.entries(schema.patternProperties ?? {})) {
      places.patterns.push([new RegExp(source, "u"), this.#placesOf(member)]);
    }
    places.others = this.#placesOf(schema.additionalProperties);
    places.elements = schema.prefixItems?.map((element) => this.#placesOf(element)) ?? [];
    places.furtherElements = this.#placesOf(schema.items);
  }
}

type Path = (string | number)[];

/** One walk through one value. */
class Conversion {
  readonly #change: (value: unknown, path: Path) => unknown;
  readonly #copies: boolean;
  readonly #path: Path = [];

  constructor(change: (value: unknown, path: Path) => unknown, copies: boolean) {
    this.#change = change;
    this.#copies = copies;
  }

  convert(value: unknown, places: Places): unknown {
    try {
      return this.#walk(value, places);
    } catch (error) {
      if (isStackOverflow(error))
        throw new SluiceError("DECODE_ERROR", "Cannot convert bytes: the value is nested too deeply");
      throw error;
    }
  }

  #walk(value: unknown, places: Places): unknown {
    if (places.isBytes) return this.#change(value, this.#path);
    let result = value;
    for (const alike of places.alike) result = this.#walk(result, alike);
    for (const { property, byTag } of places.tagged) {
      const branch = byTag.get(ownMember(result, property));
      if (branch !== undefined) result = this.#walk(result, branch);
    }
    if (typeof result !== "object" || result === null || ArrayBuffer.isView(result)) return result;
    for (const [name, inner] of Array.isArray(result)
      ? elementsOf(result, places)
      : membersOf(result, places)) {
      const before = (result as Holder)[name];
      this.#path.push(name);
      const after = this.#walk(before, inner);
      this.#path.pop();
      if (after === before) continue;
      if (this.#copies && result === value)
        result = Array.isArray(value) ? [...value] : { ...(value as Holder) };
      (result as Holder)[name] = after;
    }
    return result;
  }
}

interface Holder {
  [name: string | number]: unknown;
}

function* elementsOf(array: readonly unknown[], places: Places): Iterable<[number, Places]> {
  const { elements, furtherElements } = places;
  const end = furtherElements === undefined ? Math.min(elements.length, array.length) : array.length;
  for (let i = 0; i < end; i++) {
    const inner = i < elements.length ? elements[i] : furtherElements;
    if (inner !== undefined) yield [i, inner];
  }
}

function* membersOf(object: object, { members, patterns, others }: Places): Iterable<[string, Places]> {
  if (patterns.length === 0 && others === undefined) {
    for (const [name, inner] of members)
      if (inner !== undefined && Object.hasOwn(object, name)) yield [name, inner];
    return;
  }
  for (const name of Object.keys(object)) {
    const matching = patterns.filter(([pattern]) => pattern.test(name)).map(([, inner]) => inner);
    const declared = members.has(name) ? [members.get(name), ...matching] : matching;
    for (const inner of declared.length > 0 ? declared : [others])
      if (inner !== undefined) yield [name, inner];
  }
}

function toBase64(value: unknown): unknown {
  return isBytes(value) ? encodeBase64(value) : value;
}

function fromBase64(value: unknown, path: Path): unknown {
  if (typeof value !== "string") return value;
  const bytes = decodeBase64(value);
  if (bytes !== undefined) return bytes;
  const pointer = path.reduce<string>(pointTo, "");
  throw new SluiceError("DECODE_ERROR", `Cannot decode a payload: ${JSON.stringify(pointer)} is not base64`);
}
