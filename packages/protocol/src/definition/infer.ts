/**
 * The TypeScript type of the values that a JSON Schema accepts: {@link Infer}.
 *
 * It widens and never narrows: every valid value has the inferred type, and what the type system cannot say (`pattern`,
 * `minimum`, `not`, `dependentSchemas`, references other than `#` and `#/$defs/name`…) is left out. Nothing is filled in, so
 * a property with a `default` that is not required is optional. Internal parameters: S is the schema at hand, R the root
 * that its references start from.
 */
import type { JsonSchemaObject } from "./json-schema.ts";

/**
 * The values that `Schema` accepts.
 *
 * `Infer<{ type: "array"; items: { type: "string" } }>` is `string[]`.
 */
export type Infer<Schema> = Node<Schema, Schema>;

interface Scalars {
  string: string;
  number: number;
  integer: number;
  boolean: boolean;
  null: null;
}

/** Keywords that make a schema more than a plain scalar, object or array. Most schemas have none of them. */
type Mark =
  | "$ref"
  | "$id"
  | "const"
  | "enum"
  | "oneOf"
  | "anyOf"
  | "allOf"
  | "if"
  | "contentEncoding"
  | "~sluice";

/** What the others have, and the one key of `true` and `false`. */
type PlainKeyword = Exclude<keyof JsonSchemaObject, Mark> | keyof boolean;

type Node<S, R> = keyof S extends PlainKeyword
  ? Plain<S, R>
  : "~sluice" extends keyof S
    ? Phantom<S>
    : "$id" extends keyof S
      ? Marked<S, S> // references below a `$id` start from it
      : Marked<S, R>;

/** What {@link typed} attached. */
type Phantom<S> = S extends { readonly "~sluice"?: { readonly type: infer Value } | undefined }
  ? Value
  : unknown;

type Marked<S, R> = S extends { readonly const: infer Value }
  ? Literal<Value>
  : S extends { readonly enum: readonly (infer Value)[] }
    ? Literal<Value>
    : S extends { readonly type: readonly unknown[] }
      ? Own<S, R> // a branch without `type` says nothing about a `null`, so branches beside a list of types are left out
      : Own<S, R> & Applied<S, R, keyof S & Applicators>;

type Applicators = "$ref" | "oneOf" | "anyOf" | "allOf" | "if";

type Applied<S, R, Key> = [Key] extends ["$ref"]
  ? Reference<S, R>
  : [Key] extends ["oneOf"]
    ? OneOf<S, R>
    : [Key] extends ["anyOf"]
      ? AnyOf<S, R>
      : Reference<S, R> & OneOf<S, R> & AnyOf<S, R> & AllOf<S, R> & Branch<S, R>;

/** A value out of a schema, as it is in memory: `readonly` belongs to the schema. */
type Literal<Value> = Value extends object ? { -readonly [K in keyof Value]: Literal<Value[K]> } : Value;

/** What a marked schema says by itself, beside its references and branches. */
type Own<S, R> = S extends { readonly contentEncoding: "base64"; readonly type: "string" }
  ? Uint8Array
  : Plain<S, R>;

type Plain<S, R> = "type" extends keyof S
  ? OfType<S["type" & keyof S], S, R>
  : "properties" extends keyof S
    ? ObjectOf<S, R>
    : S extends false
      ? never
      : unknown;

type OfType<T, S, R> = T extends keyof Scalars
  ? Scalars[T]
  : T extends "object"
    ? ObjectOf<S, R>
    : T extends "array"
      ? ArrayOf<S, R>
      : T extends readonly (infer Each)[]
        ? OfType<Each, S, R>
        : unknown;

type Reference<S, R> = S extends { readonly $ref: infer Target }
  ? Target extends "#"
    ? Node<R, R>
    : Target extends `#/$defs/${infer Name}`
      ? Definition<R, Name>
      : unknown
  : unknown;

/** Names with an escape of JSON Pointer are left to the run time. */
type Definition<R, Name extends string> = Name extends `${string}${"/" | "~" | "%"}${string}`
  ? unknown
  : R extends { readonly $defs: { readonly [K in Name]: infer Target } }
    ? Node<Target, R>
    : unknown;

type OneOf<S, R> = S extends { readonly oneOf: readonly (infer Each)[] } ? Some<Each, R> : unknown;
type AnyOf<S, R> = S extends { readonly anyOf: readonly (infer Each)[] } ? Some<Each, R> : unknown;
type Some<S, R> = S extends unknown ? Node<S, R> : never;

type AllOf<S, R> = S extends { readonly allOf: infer All } ? Every<All, R> : unknown;
type Every<All, R> = All extends readonly [infer First, ...infer Rest]
  ? Node<First, R> & Every<Rest, R>
  : unknown;

type Branch<S, R> = S extends { readonly if: infer If; readonly else: infer Else }
  ? (Node<If, R> & (S extends { readonly then: infer Then } ? Node<Then, R> : unknown)) | Node<Else, R>
  : unknown;

type ArrayOf<S, R> = S extends { readonly prefixItems: infer Prefix extends readonly unknown[] }
  ? number extends Prefix["length"]
    ? unknown[]
    : [...Elements<S, Prefix, R>, ...Tail<S, Prefix, R>]
  : S extends { readonly items: infer Item }
    ? Node<Item, R>[]
    : unknown[];

type Elements<S, Prefix extends readonly unknown[], R> = S extends { readonly minItems: infer Least }
  ? Least extends Prefix["length"]
    ? Tuple<Prefix, R>
    : FirstOf<Prefix, Least, R, []>
  : Partial<Tuple<Prefix, R>>;

type Tuple<Prefix extends readonly unknown[], R> = { -readonly [K in keyof Prefix]: Node<Prefix[K], R> } & {};

/** A tuple of which the first `Least` elements are always there. */
type FirstOf<Prefix, Least, R, Done extends unknown[]> = Prefix extends readonly [infer Head, ...infer Rest]
  ? Done["length"] extends Least
    ? [...Done, ...Partial<Tuple<Prefix, R>>]
    : FirstOf<Rest, Least, R, [...Done, Node<Head, R>]>
  : Done;

type Tail<S, Prefix extends readonly unknown[], R> = S extends { readonly maxItems: Prefix["length"] }
  ? []
  : S extends { readonly items: infer Item }
    ? Item extends false
      ? []
      : Node<Item, R>[]
    : unknown[];

type ObjectOf<S, R> = "properties" extends keyof S
  ? ObjectWith<S["properties" & keyof S], S, R>
  : MapOf<S, R>;

type ObjectWith<Properties, S, R> = keyof Properties extends never
  ? MapOf<S, R>
  : keyof S & ("additionalProperties" | "patternProperties") extends never
    ? Members<Properties, keyof Properties, NamesIn<S["required" & keyof S]>, R>
    : S extends { readonly additionalProperties: false; readonly patternProperties?: never }
      ? Members<Properties, keyof Properties, NamesIn<S["required" & keyof S]>, R>
      : Members<Properties, keyof Properties, NamesIn<S["required" & keyof S]>, R> & Others<S, Properties, R>;

/** An array that is not `as const` does not say which names are required. */
type NamesIn<Required> = Required extends readonly (infer Name)[]
  ? string extends Name
    ? never
    : Name
  : never;

type Members<Properties, Listed extends keyof Properties, Required, R> = [Required] extends [never]
  ? { -readonly [K in keyof Properties]?: Node<Properties[K], R> }
  : [Required] extends [Listed]
    ? [Listed] extends [Required]
      ? { -readonly [K in keyof Properties]: Node<Properties[K], R> }
      : Flat<Present<Properties, Listed & Required, R> & Optional<Properties, Exclude<Listed, Required>, R>>
    : Flat<
        Present<Properties, Listed & Required, R> &
          Optional<Properties, Exclude<Listed, Required>, R> &
          Unlisted<Exclude<Required, Listed>>
      >;

type Present<Properties, Name extends keyof Properties, R> = {
  -readonly [K in Name]: Node<Properties[K], R>;
};
type Optional<Properties, Name extends keyof Properties, R> = {
  -readonly [K in Name]?: Node<Properties[K], R>;
};
/** Names that are required and that `properties` does not have. */
type Unlisted<Name> = { [K in Name & string]: unknown };

/** One object type instead of an intersection, for editors. */
type Flat<Value> = { [K in keyof Value]: Value[K] } & {};

/** Members beside the listed ones. The listed ones are among the values, since an index signature spans them. */
type Others<S, Properties, R> = {
  [key: string]: Some<Additional<S> | Pattern<S> | Properties[keyof Properties], R> | undefined;
} & {};

type MapOf<S, R> = { [key: string]: Some<Additional<S> | Pattern<S>, R> } & {};

type Additional<S> = S extends { readonly additionalProperties: infer Each } ? Each : true;
type Pattern<S> = S extends { readonly patternProperties: infer Patterns } ? Patterns[keyof Patterns] : never;
