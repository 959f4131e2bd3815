/**
 * The places inside a value that several schemas describe together, each with what they say about it.
 *
 * Used to find places where bytes and text could be mixed up. Patterns of names are run here, as far as they are quick.
 */
import { patternCost } from "./pattern-cost.ts";
import type { PlainSchema, PlainSchemaObject } from "./plain-schema.ts";

/** A member, an element, or `*` for those without a name, and the schemas that may describe what stands there. */
export type DescribedPlace = readonly [name: string, schemas: readonly PlainSchema[]];

export class DescribedPlaces {
  /** What the search has cost so far, in places and schemas. */
  steps = 0;
  readonly #maxSteps: number;
  /** The same objects each time, so that a place that comes again is known. */
  readonly #members = new Map<PlainSchemaObject, ReadonlyMap<string, PlainSchema[]>>();
  readonly #elements = new Map<PlainSchemaObject, readonly PlainSchema[][]>();
  readonly #patterns = new Map<string, RegExp>();

  /** @param maxSteps after which no more places are given */
  constructor(maxSteps: number) {
    this.#maxSteps = maxSteps;
  }

  /** Each place inside a value of all `schemas`. Patterns are taken to match alike. */
  *placesIn(schemas: readonly PlainSchemaObject[]): Iterable<DescribedPlace> {
    const names = new Set<string>();
    for (const schema of schemas) for (const name of this.#membersOf(schema).keys()) names.add(name);
    for (const name of names) {
      if (this.#isExhausted(schemas.length)) return;
      yield [name, schemas.flatMap((schema) => this.#describedBy(schema, name))];
    }
    const patterned = schemas.flatMap((schema) => Object.values(schema.patternProperties ?? {}));
    const others = schemas.filter(
      (schema) => patterned.length === 0 || schema.patternProperties === undefined,
    );
    yield ["*", [...patterned, ...others.flatMap(describedOthers)]];
    yield ["*", schemas.flatMap(describedOthers)];
    const listed = schemas.map((schema) => this.#elementsOf(schema));
    const lengths = schemas.map(({ prefixItems = [] }, at) => [prefixItems.length, listed[at]?.length ?? 0]);
    const longest = lengths.flat().reduce((most, length) => Math.max(most, length), 0);
    for (let i = 0; i <= longest; i++) {
      if (this.#isExhausted(schemas.length)) return;
      const elements = schemas.map(
        ({ prefixItems, items, contains }) => prefixItems?.[i] ?? items ?? contains,
      );
      const constants = listed.flatMap((elementsAt) => elementsAt[i] ?? []);
      yield [String(i), [...elements.filter((element) => element !== undefined), ...constants]];
    }
  }

  #isExhausted(cost: number): boolean {
    this.steps += cost;
    return this.steps > this.#maxSteps;
  }

  /** The members that `schema` names, in `properties` or in the objects that it lists. */
  #membersOf(schema: PlainSchemaObject): ReadonlyMap<string, PlainSchema[]> {
    const known = this.#members.get(schema);
    if (known !== undefined) return known;
    const members = new Map<string, PlainSchema[]>();
    for (const [name, member] of Object.entries(schema.properties ?? {})) members.set(name, [member]);
    for (const value of listedValues(schema)) {
      if (typeof value !== "object" || value === null || Array.isArray(value)) continue;
      for (const [name, constant] of Object.entries(value)) {
        members.set(name, [...(members.get(name) ?? []), { const: constant }]);
      }
    }
    this.#members.set(schema, members);
    return members;
  }

  /** By index, the elements of the arrays that `schema` lists. */
  #elementsOf(schema: PlainSchemaObject): readonly PlainSchema[][] {
    const known = this.#elements.get(schema);
    if (known !== undefined) return known;
    const elements: PlainSchema[][] = [];
    for (const array of listedValues(schema).filter(Array.isArray)) {
      for (const [i, constant] of array.entries()) {
        const alike = elements[i] ?? [];
        alike.push({ const: constant });
        elements[i] = alike;
      }
    }
    this.#elements.set(schema, elements);
    return elements;
  }

  /** What `schema` says about the member `name`. */
  #describedBy(schema: PlainSchemaObject, name: string): readonly PlainSchema[] {
    const patterned = Object.entries(schema.patternProperties ?? {});
    const matching = patterned.filter(([source]) => this.#matches(source, name)).map(([, member]) => member);
    const declared = [...(this.#membersOf(schema).get(name) ?? []), ...matching];
    return declared.length > 0 ? declared : describedOthers(schema);
  }

  /** A pattern that would take too long uses up all steps, and matches. */
  #matches(source: string, name: string): boolean {
    if (this.#isExhausted(patternCost(source, name.length))) return true;
    const pattern = this.#patterns.get(source) ?? new RegExp(source, "u");
    this.#patterns.set(source, pattern);
    return pattern.test(name);
  }
}

/** The values that `schema` lists. */
function listedValues({ const: constant, enum: values = [] }: PlainSchemaObject): readonly unknown[] {
  return constant === undefined ? values : [...values, constant];
}

/** What `schema` says about members that it does not name, if it says anything. */
function describedOthers({ additionalProperties }: PlainSchemaObject): readonly PlainSchema[] {
  return typeof additionalProperties === "object" ? [additionalProperties] : [];
}
