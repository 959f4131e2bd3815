/** JSON Schema, draft 2020-12, as a type: for completion in editors and to catch misspelt keywords. */

export type JsonSchemaTypeName = "string" | "number" | "integer" | "boolean" | "object" | "array" | "null";

/** The formats that are checked. Any other name is an error when a protocol is defined. */
export type JsonSchemaFormat = "uuid" | "date-time" | "date" | "time" | "email" | "uri" | "ipv4" | "ipv6";

/** A schema: `true` accepts every value, `false` none. */
export type JsonSchema = boolean | JsonSchemaObject;

/** Keywords of JSON Schema 2020-12. Keywords that no engine here applies (`$dynamicRef`, `$vocabulary`…) are left out. */
export interface JsonSchemaObject {
  /** Never there at run time: the type that `typed()` attaches. */
  readonly "~sluice"?: { readonly type: unknown } | undefined;
  readonly $id?: string;
  readonly $schema?: string;
  readonly $ref?: string;
  readonly $anchor?: string;
  readonly $comment?: string;
  readonly $defs?: { readonly [name: string]: JsonSchema };
  readonly type?: JsonSchemaTypeName | readonly JsonSchemaTypeName[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly title?: string;
  readonly description?: string;
  readonly deprecated?: boolean;
  readonly readOnly?: boolean;
  readonly writeOnly?: boolean;
  readonly multipleOf?: number;
  readonly maximum?: number;
  readonly exclusiveMaximum?: number;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maxLength?: number;
  readonly minLength?: number;
  readonly pattern?: string;
  readonly format?: JsonSchemaFormat | (string & {});
  /** `"base64"`, beside `type: "string"`: bytes, a `Uint8Array` in memory. */
  readonly contentEncoding?: "base64" | (string & {});
  readonly contentMediaType?: string;
  readonly contentSchema?: JsonSchema;
  readonly items?: JsonSchema;
  readonly prefixItems?: readonly JsonSchema[];
  readonly contains?: JsonSchema;
  readonly minContains?: number;
  readonly maxContains?: number;
  readonly maxItems?: number;
  readonly minItems?: number;
  readonly uniqueItems?: boolean;
  readonly unevaluatedItems?: JsonSchema;
  readonly properties?: { readonly [name: string]: JsonSchema };
  readonly patternProperties?: { readonly [pattern: string]: JsonSchema };
  readonly additionalProperties?: JsonSchema;
  readonly unevaluatedProperties?: JsonSchema;
  readonly propertyNames?: JsonSchema;
  readonly required?: readonly string[];
  readonly maxProperties?: number;
  readonly minProperties?: number;
  readonly dependentRequired?: { readonly [name: string]: readonly string[] };
  readonly dependentSchemas?: { readonly [name: string]: JsonSchema };
  readonly allOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly not?: JsonSchema;
  readonly if?: JsonSchema;
  readonly then?: JsonSchema;
  readonly else?: JsonSchema;
}
