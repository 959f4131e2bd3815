import { describe, expect, it } from "vitest";
import { checkSchema } from "../../src/schema/check-schema.ts";
import { closures } from "../../src/schema/closure-validator.ts";
import { keywordCases } from "../../src/testing/validator/keyword-cases.ts";

const bytes = { type: "string", contentEncoding: "base64" };

/** A schema, and what follows "Cannot use the schema of "a" param: ". */
type Refused = readonly [what: string, schema: unknown, message: string];

const noSchema: readonly Refused[] = [
  ["undefined", undefined, "it is no schema at #; write true, false or an object"],
  ["null", null, "it is no schema at #; write true, false or an object"],
  ["a text", "string", "it is no schema at #; write true, false or an object"],
  ["an array", [{}], "it is no schema at #; write true, false or an object"],
  [
    "a schema inside that is none",
    { type: "object", properties: { a: "string" } },
    "properties holds something that is no schema at #/properties; write true, false or an object",
  ],
  [
    "a branch that is none",
    { anyOf: [{ type: "null" }, 5] },
    "anyOf holds something that is no schema at #/anyOf; write true, false or an object",
  ],
];

const unknownKeywords: readonly Refused[] = [
  [
    "a misspelt keyword",
    { type: "object", requird: ["a"] },
    'unknown keyword "requird" at #; write required',
  ],
  [
    "swapped letters, deep inside",
    { type: "object", properties: { "a/b": { type: "array", itmes: {} } } },
    'unknown keyword "itmes" at #/properties/a~1b; write items',
  ],
  [
    "another case",
    { type: "object", additionalproperties: false },
    'unknown keyword "additionalproperties" at #; write additionalProperties',
  ],
  ["definitions", { definitions: {} }, 'unknown keyword "definitions" at #; write $defs'],
  [
    "nullable",
    { type: "string", nullable: true },
    'unknown keyword "nullable" at #; write "null" among the types',
  ],
  ["$dynamicRef", { $dynamicRef: "#a" }, 'unknown keyword "$dynamicRef" at #; write $ref'],
  [
    "a keyword of nobody",
    { type: "string", color: "red" },
    'unknown keyword "color" at #; leave it out, or begin its name with x-',
  ],
];

const wrongValues: readonly Refused[] = [
  [
    "an unknown type",
    { type: "int" },
    'type has a value it cannot have at #/type; write one of "string", "number", "integer", "boolean", "object", "array", "null", or an array of them',
  ],
  [
    "no type at all",
    { type: [] },
    'type has a value it cannot have at #/type; write one of "string", "number", "integer", "boolean", "object", "array", "null", or an array of them',
  ],
  [
    "an empty enum",
    { enum: [] },
    "enum has a value it cannot have at #/enum; write an array of one or more JSON values",
  ],
  [
    "an enum of what is not JSON",
    { enum: [Number.NaN] },
    "enum has a value it cannot have at #/enum; write an array of one or more JSON values",
  ],
  [
    "a const that is not JSON",
    { const: 1n },
    "const has a value it cannot have at #/const; write a JSON value",
  ],
  [
    "a negative length",
    { type: "string", minLength: -1 },
    "minLength has a value it cannot have at #/minLength; write a whole number of at least 0",
  ],
  [
    "multipleOf 0",
    { type: "number", multipleOf: 0 },
    "multipleOf has a value it cannot have at #/multipleOf; write a number above 0",
  ],
  [
    "exclusiveMinimum of an older draft",
    { type: "number", exclusiveMinimum: true },
    "exclusiveMinimum has a value it cannot have at #/exclusiveMinimum; write a number",
  ],
  [
    "items of an older draft",
    { type: "array", items: [{ type: "string" }] },
    "items has a value it cannot have at #/items; write a schema; those of a tuple are prefixItems",
  ],
  [
    "required at a property",
    { type: "object", properties: { a: { type: "string", required: true } } },
    "required has a value it cannot have at #/properties/a/required; write an array of names, in the schema of the object that has the properties",
  ],
  [
    "required twice",
    { type: "object", required: ["a", "a"] },
    "required has a value it cannot have at #/required; write an array without equal names",
  ],
  [
    "an invalid pattern",
    { type: "string", pattern: "(" },
    "pattern has a value it cannot have at #/pattern; write a regular expression that is valid with the flag u",
  ],
  [
    "a pattern that the flag u forbids",
    { type: "string", pattern: "^\\-x$" },
    "pattern has a value it cannot have at #/pattern; write a regular expression that is valid with the flag u",
  ],
  [
    "an invalid pattern for names",
    { type: "object", patternProperties: { "[": true } },
    '"[" is no pattern at #/patternProperties; write a regular expression that is valid with the flag u',
  ],
  [
    "an unknown format",
    { type: "string", format: "hostname" },
    'format has a value it cannot have at #/format; write one of "uuid", "date-time", "date", "time", "email", "uri", "ipv4", "ipv6"',
  ],
  [
    "another draft",
    { $schema: "http://json-schema.org/draft-07/schema#" },
    '$schema has a value it cannot have at #/$schema; write "https://json-schema.org/draft/2020-12/schema"',
  ],
  [
    "no branches",
    { anyOf: [] },
    "anyOf has a value it cannot have at #/anyOf; write an array of one or more schemas",
  ],
  [
    "the property __proto__",
    { type: "object", properties: JSON.parse('{"__proto__":{"type":"string"}}') },
    'a property is called "__proto__" at #/properties; write another name: objects in memory cannot tell it apart',
  ],
  [
    "__proto__ required",
    { type: "object", required: ["__proto__"] },
    'a property is called "__proto__" at #/required; write another name: objects in memory cannot tell it apart',
  ],
  [
    "__proto__ as a dependency",
    { type: "object", dependentRequired: { a: ["__proto__"] } },
    'a property is called "__proto__" at #/dependentRequired; write another name: objects in memory cannot tell it apart',
  ],
];

const wrongCompany: readonly Refused[] = [
  [
    "properties without a type",
    { properties: { a: { type: "string" } } },
    'properties is for values of type object at #; write type: "object" beside it, or leave properties out',
  ],
  [
    "a keyword for another type",
    { type: "number", minLength: 1 },
    'minLength is for values of type string at #; write type: "string" beside it, or leave minLength out',
  ],
  [
    "a keyword beside a $ref without a type",
    { $ref: "#/$defs/a", required: ["b"], $defs: { a: { type: "object" } } },
    'required is for values of type object at #; write type: "object" beside it, or leave required out',
  ],
  [
    "a type that the schema around excludes",
    { type: "object", anyOf: [{ type: "string" }, { required: ["a"] }] },
    'type "string" is never met at #/anyOf/0/type; the schema around it wants object',
  ],
  [
    "if alone",
    { type: "string", if: { minLength: 1 } },
    "if does nothing without then or else at #; write one of them, or leave if out",
  ],
  ["else alone", { else: true }, "else does nothing without if at #; write if, or leave else out"],
  [
    "minContains alone",
    { type: "array", minContains: 1 },
    "minContains does nothing without contains at #; write contains, or leave minContains out",
  ],
  [
    "minContains 0 alone",
    { type: "array", contains: true, minContains: 0 },
    "contains does nothing with minContains: 0 at #; write maxContains, or leave both out",
  ],
  [
    "bounds that exclude each other",
    { type: "string", minLength: 5, maxLength: 4 },
    "no value satisfies both minLength and maxLength at #; write a maxLength of at least minLength",
  ],
];

const wrongReferences: readonly Refused[] = [
  [
    "a pointer to nothing",
    { type: "object", properties: { a: { $ref: "#/$defs/gone" } } },
    '$ref "#/$defs/gone" leads to no schema of this document at #/properties/a/$ref; write # or #/… or the name of an $anchor or $id inside',
  ],
  [
    "a pointer to something else than a schema",
    { type: "object", required: ["a"], properties: { a: { $ref: "#/required" } } },
    '$ref "#/required" leads to no schema of this document at #/properties/a/$ref; write # or #/… or the name of an $anchor or $id inside',
  ],
  [
    "a remote address",
    { $ref: "https://json-schema.org/draft/2020-12/schema" },
    '$ref "https://json-schema.org/draft/2020-12/schema" leads to no schema of this document at #/$ref; write # or #/… or the name of an $anchor or $id inside',
  ],
  [
    "an unknown anchor",
    { $ref: "#gone", $defs: { a: { $anchor: "here" } } },
    '$ref "#gone" leads to no schema of this document at #/$ref; write # or #/… or the name of an $anchor or $id inside',
  ],
  [
    "an anchor that two schemas have",
    { $ref: "#a", $defs: { x: { $anchor: "a" }, y: { $anchor: "a" } } },
    'Two schemas are called "sluice://schema/#a" at #/$ref; write # or #/… or the name of an $anchor or $id inside',
  ],
  ["itself", { $ref: "#" }, "a $ref leads back to itself at #; put a property or an element in between"],
  [
    "a circle of branches",
    {
      $defs: {
        a: { anyOf: [{ type: "null" }, { $ref: "#/$defs/b" }] },
        b: { allOf: [{ $ref: "#/$defs/a" }] },
      },
    },
    "a $ref leads back to itself at #/$defs/a; put a property or an element in between",
  ],
];

const wrongBytes: readonly Refused[] = [
  [
    "another encoding",
    { type: "string", contentEncoding: "base64url" },
    'contentEncoding has a value it cannot have at #/contentEncoding; write "base64", which stands for bytes (a Uint8Array)',
  ],
  [
    "further types",
    { type: ["string", "null"], contentEncoding: "base64" },
    'contentEncoding needs the type string alone at #; write type: "string" beside it, and other types as further branches of an anyOf',
  ],
  [
    "a pattern",
    { ...bytes, pattern: "^A" },
    "pattern says nothing about bytes at #; only minLength and maxLength (in bytes) can stand beside contentEncoding",
  ],
  [
    "bytes or text",
    { type: "object", properties: { data: { anyOf: [bytes, { type: "string" }] } } },
    'a value at "/data" can be bytes or a plain string, which are both strings in JSON text; give them different properties, or describe both as bytes',
  ],
  [
    "bytes or anything",
    { oneOf: [bytes, {}] },
    'a value at "" can be bytes or a plain string, which are both strings in JSON text; give them different properties, or describe both as bytes',
  ],
  [
    "bytes, or true as a branch",
    { anyOf: [{ type: "null" }, { $ref: "#/$defs/b" }, true], $defs: { b: bytes } },
    'a value at "" can be bytes or a plain string, which are both strings in JSON text; give them different properties, or describe both as bytes',
  ],
  [
    "bytes or text in branches of the object",
    {
      anyOf: [
        { type: "object", properties: { data: bytes } },
        { type: "object", properties: { data: { enum: ["none", null] } } },
      ],
    },
    'a value at "/data" can be bytes or a plain string, which are both strings in JSON text; give them different properties, or describe both as bytes',
  ],
  [
    "bytes or text in a branch with a tag and beside the union",
    {
      type: "object",
      properties: { kind: { type: "string" }, data: { type: "string" } },
      oneOf: [
        { type: "object", properties: { kind: { const: "text" } }, required: ["kind"] },
        { type: "object", properties: { kind: { const: "file" }, data: bytes }, required: ["kind"] },
      ],
    },
    'a value at "/data" can be bytes or a plain string, which are both strings in JSON text; give them different properties, or describe both as bytes',
  ],
  [
    "bytes in a property, text in a map of another branch",
    {
      anyOf: [
        { type: "object", properties: { data: bytes } },
        { type: "object", additionalProperties: { type: "string" } },
      ],
    },
    'a value at "/data" can be bytes or a plain string, which are both strings in JSON text; give them different properties, or describe both as bytes',
  ],
  [
    "patterns that may match alike",
    { type: "object", patternProperties: { "^a": bytes, b$: { type: "string" } } },
    'a value at "/*" can be bytes or a plain string, which are both strings in JSON text; give them different properties, or describe both as bytes',
  ],
  [
    "bytes or text among the elements",
    {
      anyOf: [
        { type: "array", items: bytes },
        { type: "array", prefixItems: [{ type: "null" }, { type: "string" }] },
      ],
    },
    'a value at "/1" can be bytes or a plain string, which are both strings in JSON text; give them different properties, or describe both as bytes',
  ],
  [
    "bytes or text that an array contains",
    {
      oneOf: [
        { type: "array", items: bytes },
        { type: "array", contains: { const: "text" } },
      ],
    },
    'a value at "/0" can be bytes or a plain string, which are both strings in JSON text; give them different properties, or describe both as bytes',
  ],
  [
    "bytes or text inside a constant",
    { anyOf: [{ type: "object", properties: { data: bytes } }, { enum: [1, { data: "none" }] }] },
    'a value at "/data" can be bytes or a plain string, which are both strings in JSON text; give them different properties, or describe both as bytes',
  ],
  [
    "bytes or text behind a recursive $ref",
    {
      $defs: { tree: { type: "object", properties: { left: { $ref: "#/$defs/tree" }, leaf: bytes } } },
      anyOf: [
        { $ref: "#/$defs/tree" },
        {
          type: "object",
          properties: { left: { type: "object", properties: { leaf: { type: "string" } } } },
          required: ["left"],
        },
      ],
    },
    'a value at "/left/leaf" can be bytes or a plain string, which are both strings in JSON text; give them different properties, or describe both as bytes',
  ],
  [
    "bytes in a contains",
    { type: "array", contains: bytes },
    "contains does not tell which values are bytes; describe bytes in items",
  ],
  [
    "bytes in a not",
    { not: { $ref: "#/$defs/b" }, $defs: { b: bytes } },
    "not does not tell which values are bytes; describe bytes where they are",
  ],
  [
    "bytes in a condition",
    { if: bytes, else: { type: "null" } },
    "if does not tell which values are bytes; describe bytes in then and else",
  ],
  [
    "bytes that nothing else evaluates",
    { type: "object", unevaluatedProperties: bytes },
    "unevaluatedProperties does not tell which values are bytes; describe bytes in properties or additionalProperties",
  ],
];

describe("checkSchema refuses", () => {
  describe.each([
    ["what is no schema", noSchema],
    ["unknown keywords", unknownKeywords],
    ["values that a keyword cannot have", wrongValues],
    ["keywords in the wrong company", wrongCompany],
    ["references to nothing or without end", wrongReferences],
    ["bytes in uncertain places", wrongBytes],
  ])("%s", (_, table) => {
    it.each(table)("%s", (_what, schema, message) => {
      expect(() => checkSchema(schema, '"a" param')).toThrow(
        new TypeError(`Cannot use the schema of "a" param: ${message}`),
      );
    });
  });

  it("an object that contains itself", () => {
    const schema = { type: "object", properties: {} };
    schema.properties = { a: { type: "array", items: schema } };
    expect(() => checkSchema(schema, "it")).toThrow(
      "the schema contains itself at #/properties/a/items; write a $ref to it",
    );
  });

  it("schemas nested more deeply than engines can compile", () => {
    const nested = (levels: number): unknown =>
      levels === 0 ? true : { type: "array", items: nested(levels - 1) };
    expect(() => checkSchema(nested(129), "it")).toThrow("schemas are nested more than 128 levels deep");
    expect(() => checkSchema(nested(128), "it")).not.toThrow();
  });
});

describe("checkSchema accepts", () => {
  it.each(keywordCases.map(({ name, schema }) => [name, schema] as const))("%s", (_, schema) => {
    expect(() => checkSchema(schema, "it")).not.toThrow();
  });

  it.each<[string, unknown]>([
    [
      "bytes or text, where a tag tells",
      {
        type: "object",
        properties: {
          body: {
            oneOf: [
              {
                type: "object",
                properties: { kind: { const: "text" }, data: { type: "string" } },
                required: ["kind"],
              },
              { type: "object", properties: { kind: { const: "file" }, data: bytes }, required: ["kind"] },
            ],
          },
        },
      },
    ],
    ["keywords that are undefined", { type: "string", minLength: undefined, pattern: undefined }],
    [
      "an object in two places",
      ((item) => ({ type: "array", prefixItems: [item, item] }))({ type: "string" }),
    ],
    [
      "bytes in different variants",
      {
        anyOf: [
          { type: "object", properties: { data: bytes }, required: ["data"] },
          { type: "object", properties: { text: { type: "string" } } },
        ],
      },
    ],
    [
      "bytes or null, a number, an object or an array",
      { anyOf: [bytes, { type: ["null", "number"] }, { type: "object" }, { type: "array" }] },
    ],
    [
      "bytes beside branches that only require",
      { anyOf: [bytes, { type: "object", anyOf: [{ required: ["a"] }, { required: ["b"] }] }] },
    ],
    ["a described $ref to bytes", { $ref: "#/$defs/b", description: "d", $defs: { b: bytes } }],
    [
      "recursion through a map of bytes",
      { type: "object", properties: { data: bytes }, additionalProperties: { $ref: "#" } },
    ],
  ])("%s", (_, schema) => {
    expect(() => checkSchema(schema, "it")).not.toThrow();
  });

  it("undefined keywords, and they say nothing", () => {
    const validate = closures().compile({ type: "string", minLength: undefined as unknown as number });
    expect(validate("")).toBeUndefined();
  });
});
