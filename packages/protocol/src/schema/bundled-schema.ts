/**
 * Bundles a schema with the documents it refers to, to one that stands alone: for schemas that were not written for a protocol.
 *
 * The result has no address but `#/$defs/…` and can be given to every engine, or stand in a protocol. A schema with
 * `$dynamicRef` comes once for each dynamic scope it is reached in. Spec: JSON Schema 2020-12 core, §7.1, §8.2.3.2, §9.
 */
import type { JsonSchema, JsonSchemaObject } from "../definition/json-schema.ts";
import { isSchema, keywordHolds, ownMember } from "./keywords.ts";
import { indexDocument, resolveAddress, resolveIn, type SchemaIndex, unnamed } from "./references.ts";

export interface BundleOptions {
  /** The documents that references may lead to, by the URI that a reference says; nothing is ever fetched. Default: none. */
  readonly documents?: { readonly [uri: string]: JsonSchema };
  /**
   * `"assert"` (default): `format` is checked, and `contentEncoding: "base64"` means bytes. `"annotate"`: both are left out, as
   * they are notes where JSON Schema is used without agreeing on more.
   */
  readonly formats?: "assert" | "annotate";
}

type Draft = { [keyword: string]: unknown };

/** The resources entered on the way to a schema, by what matters of them: the outermost dynamic anchor of each name. */
interface Scope {
  readonly anchors: ReadonlyMap<string, JsonSchemaObject>;
  /** What has been bundled in this scope. */
  readonly forms: Map<JsonSchemaObject, Draft>;
  /** The scopes inside this one, by the address of the resource entered. */
  readonly inner: Map<string, Scope>;
}

/** So many schemas a bundle may have: each dynamic anchor may double their number. */
const maxForms = 20_000;

const validation = "https://json-schema.org/draft/2020-12/vocab/validation";
/** Keywords that say where a schema is, which a bundle does not need any more. */
const addresses: ReadonlySet<string> = new Set(
  "$id $schema $anchor $dynamicAnchor $vocabulary $defs $ref $dynamicRef".split(" "),
);
const annotations: ReadonlySet<string> = new Set(["format", "contentEncoding"]);

/**
 * `root` and what it refers to, as one schema without `$id`, anchors, `$dynamicRef`, or references to other documents.
 *
 * @throws {TypeError} for an unknown keyword, for a reference that leads to no schema of `root` or `documents`, and if the bundle
 * had more than 20,000 schemas
 */
export function bundledSchema(root: JsonSchema, options: BundleOptions = {}): JsonSchema {
  return new Bundler(root, options).bundle(root);
}

class Bundler {
  readonly #documents: Readonly<Record<string, JsonSchema>>;
  readonly #dropsAnnotations: boolean;
  readonly #index: SchemaIndex;
  readonly #scopes = new Map<string, Scope>();
  readonly #anchorNumbers = new Map<JsonSchemaObject, number>();
  /** The forms that references lead to, by name. */
  readonly #names = new Map<JsonSchema | Draft, string>();
  #formCount = 0;

  constructor(root: JsonSchema, { documents = {}, formats = "assert" }: BundleOptions) {
    this.#documents = documents;
    this.#dropsAnnotations = formats === "annotate";
    this.#index = indexDocument(root, unnamed, { addressed: new Map(), bases: new Map() });
  }

  bundle(root: JsonSchema): JsonSchema {
    const form = this.#formOf(root, this.#scopeWith(new Map()));
    if (this.#names.size === 0 || typeof form === "boolean") return form;
    const definitions = Object.fromEntries([...this.#names].map(([named, name]) => [name, named]));
    if (this.#names.has(form)) return { $ref: this.#referTo(form), $defs: definitions };
    return { ...form, $defs: definitions };
  }

  #formOf(schema: JsonSchema, outer: Scope): boolean | Draft {
    if (typeof schema === "boolean") return schema;
    const scope = this.#enter(this.#baseOf(schema), outer);
    let form = scope.forms.get(schema);
    if (form === undefined) {
      if (++this.#formCount > maxForms) {
        throw new TypeError(`The schema needs more than ${maxForms} schemas when its references are bundled`);
      }
      form = {};
      scope.forms.set(schema, form); // before it is filled, which may refer to it
      this.#fill(form, schema, scope);
    }
    return form;
  }

  #fill(form: Draft, schema: JsonSchemaObject, scope: Scope): void {
    const validates = this.#validates(schema);
    const inside = (held: unknown): unknown => (isSchema(held) ? this.#formOf(held, scope) : held);
    for (const [keyword, held] of Object.entries(schema)) {
      const holds = keywordHolds(keyword);
      if (addresses.has(keyword)) continue;
      if (holds === undefined) throw new TypeError(`Unknown keyword ${JSON.stringify(keyword)}`);
      if (annotations.has(keyword) ? this.#dropsAnnotations : holds === "rule" && !validates) continue;
      if (holds === "one") form[keyword] = inside(held);
      else if (holds === "list" && Array.isArray(held)) form[keyword] = held.map(inside);
      else if (holds === "map" && isSchema(held)) {
        form[keyword] = Object.fromEntries(Object.entries(held).map(([name, said]) => [name, inside(said)]));
      } else form[keyword] = held;
    }
    if (schema.$ref !== undefined) {
      form.$ref = this.#referTo(this.#formOf(this.#resolve(schema.$ref, schema), scope));
    }
    const dynamicReference = ownMember(schema, "$dynamicRef");
    if (dynamicReference !== undefined) {
      const target = this.#resolveDynamically(String(dynamicReference), schema, scope);
      const $ref = this.#referTo(this.#formOf(target, scope));
      if (form.$ref === undefined) form.$ref = $ref;
      else form.allOf = [...(Array.isArray(form.allOf) ? form.allOf : []), { $ref }];
    }
  }

  #referTo(form: boolean | Draft): string {
    const name = this.#names.get(form) ?? String(this.#names.size);
    this.#names.set(form, name);
    return `#/$defs/${name}`;
  }

  #resolve(reference: string, from: JsonSchemaObject): JsonSchema {
    const [address = ""] = resolveAddress(reference, this.#baseOf(from)).split("#");
    this.#findDocument(address);
    return resolveIn(this.#index, reference, from);
  }

  /** Where `reference` leads, or the outermost dynamic anchor of that name if it leads to one. */
  #resolveDynamically(reference: string, from: JsonSchemaObject, scope: Scope): JsonSchema {
    const target = this.#resolve(reference, from);
    const name = ownMember(target, "$dynamicAnchor");
    const isDynamic = typeof name === "string" && reference.endsWith(`#${name}`);
    return (isDynamic ? scope.anchors.get(name) : undefined) ?? target;
  }

  /** The resource at `address`, of the document itself or of those given. */
  #findDocument(address: string): JsonSchema | undefined {
    const document = ownMember(this.#documents, address);
    if (!this.#index.addressed.has(address) && isSchema(document)) {
      indexDocument(document, address, this.#index);
    }
    return this.#index.addressed.get(address);
  }

  #baseOf(schema: JsonSchemaObject): string {
    return this.#index.bases.get(schema) ?? unnamed;
  }

  #enter(resource: string, outer: Scope): Scope {
    const known = outer.inner.get(resource);
    if (known !== undefined) return known;
    const anchors = new Map(outer.anchors);
    for (const [schema, base] of this.#index.bases) {
      const name = ownMember(schema, "$dynamicAnchor");
      if (base === resource && typeof name === "string" && !anchors.has(name)) anchors.set(name, schema);
    }
    const scope = this.#scopeWith(anchors);
    outer.inner.set(resource, scope);
    return scope;
  }

  /** Scopes with the same anchors are the same, however they were entered. */
  #scopeWith(anchors: ReadonlyMap<string, JsonSchemaObject>): Scope {
    const numbered = [...anchors].map(([name, schema]) => [name, this.#numberOf(schema)] as const);
    const key = JSON.stringify(numbered.sort(([a], [b]) => (a < b ? -1 : 1)));
    const scope = this.#scopes.get(key) ?? { anchors, forms: new Map(), inner: new Map() };
    this.#scopes.set(key, scope);
    return scope;
  }

  #numberOf(schema: JsonSchemaObject): number {
    const number = this.#anchorNumbers.get(schema) ?? this.#anchorNumbers.size;
    this.#anchorNumbers.set(schema, number);
    return number;
  }

  /** Whether the keywords that validate are in use: a meta-schema may leave them out. */
  #validates(schema: JsonSchemaObject): boolean {
    const dialect = ownMember(this.#index.addressed.get(this.#baseOf(schema)), "$schema");
    const vocabulary =
      typeof dialect === "string" ? ownMember(this.#findDocument(dialect), "$vocabulary") : undefined;
    return vocabulary === undefined || ownMember(vocabulary, validation) !== undefined;
  }
}
