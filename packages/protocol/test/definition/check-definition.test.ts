/** checkDefinition: what a protocol object may be, and what the error says where it may not. */
import { describe, expect, test } from "vitest";
import { checkDefinition } from "../../src/definition/check-definition.ts";
import {
  checkProtocol,
  defineProtocol,
  type ProtocolDefinition,
} from "../../src/definition/protocol-definition.ts";
import { errorCodes } from "../../src/errors/error-code.ts";
import { shop } from "./shop.ts";

const text = { type: "string" };
const item = { type: "object", properties: { seq: { type: "integer" } }, required: ["seq"] };

/** A Standard Schema that says `schema`. */
function standard(schema: unknown): object {
  return {
    "~standard": { version: 1, vendor: "test", jsonSchema: { input: () => schema, output: () => schema } },
  };
}

const accepted: readonly (readonly [about: string, protocol: object])[] = [
  ["every kind and every slot", shop],
  ["an empty protocol", {}],
  ["one without a prototype", Object.assign(Object.create(null), { a: { type: "request" } })],
  [
    "absent slots that are undefined",
    { a: { type: "request", param: undefined, errors: undefined, tags: undefined } },
  ],
  ["boolean schemas", { a: { type: "stream", param: true, receive: true, result: false } }],
  ["a name of 255 bytes", { [`${"é".repeat(127)}a`]: { type: "request" } }],
  ["names with spaces, dots and slashes", { "a b/c.d//e/": { type: "request" }, "/": { type: "request" } }],
  ["names that every object has", { constructor: { type: "request" }, toString: { type: "event" } }],
  [
    "a Standard Schema",
    { a: { type: "request", param: standard(text), errors: { NO: { data: standard(text) } } } },
  ],
  ["a cursor of a Standard Schema", { a: { type: "stream", receive: standard(item), cursor: "seq" } }],
  [
    "a cursor behind a reference",
    { a: { type: "stream", receive: { $ref: "#/$defs/i", $defs: { i: item } }, cursor: "seq" } },
  ],
  [
    "a cursor in one part",
    {
      a: {
        type: "stream",
        receive: { allOf: [item, { ...item, properties: {}, required: [] }] },
        cursor: "seq",
      },
    },
  ],
  [
    "a cursor in every branch",
    { a: { type: "stream", receive: { oneOf: [item, { anyOf: [item, item] }] }, cursor: "seq" } },
  ],
  [
    "a code of one word and one with digits",
    { a: { type: "request", errors: { GONE: {}, HTTP_2_ERROR: {} } } },
  ],
];

describe("checkDefinition accepts", () => {
  test.each(accepted)("%s", (_, protocol) => {
    expect(() => checkDefinition(protocol)).not.toThrow();
  });
});

const cyclic: { type: string; properties: Record<string, unknown> } = { type: "object", properties: {} };
cyclic.properties.self = cyclic;

const refused: readonly (readonly [about: string, protocol: unknown, message: RegExp])[] = [
  ["nothing", undefined, /^A protocol is an object from names to procedures, it is undefined$/],
  ["null", null, /it is null$/],
  ["an array", [{ type: "request" }], /it is an array$/],
  ["a function", () => {}, /it is function$/],
  [
    "an empty name",
    { "": { type: "request" } },
    /^A procedure cannot be called "": a name has at least one character$/,
  ],
  [
    "a long name",
    { ["é".repeat(128)]: { type: "request" } },
    /it has 256 bytes of UTF-8, at most 255 are allowed$/,
  ],
  [
    "a name with $",
    { $describe: { type: "request" } },
    /^A procedure cannot be called "\$describe": names with \$/,
  ],
  [
    "a name with a line feed",
    { "a\nb": { type: "request" } },
    /^A procedure cannot be called "a\\nb": it has a control/,
  ],
  ["a name with a C1 control", { "a\u0085": { type: "request" } }, /it has a control character$/],
  ["a name with half a character", { "a\ud800": { type: "request" } }, /it is no valid Unicode$/],
  [
    "the name __proto__",
    JSON.parse('{"__proto__":{"type":"request"}}'),
    /"__proto__": objects cannot tell it apart$/,
  ],
  [
    "a procedure that is none",
    { a: "request" },
    /^Procedure "a": a procedure is an object with a type, it is string$/,
  ],
  ["a procedure that is null", { a: null }, /it is null$/],
  [
    "no type",
    { a: {} },
    /^Procedure "a": type is undefined, expected one of "request", "stream", "channel", "event"$/,
  ],
  ["an unknown type", { a: { type: "query" } }, /^Procedure "a": type is "query", expected one of/],
  ["a type of every object", { a: { type: "constructor" } }, /type is "constructor", expected/],
  [
    "a misspelt slot",
    { a: { type: "stream", recieve: true, receive: true } },
    /^Procedure "a": unknown slot "recieve"; a stream can have param, receive, result, errors, cursor, description, /,
  ],
  [
    "a slot of no kind",
    { a: { type: "event", constructor: true } },
    /unknown slot "constructor"; an event can have data, /,
  ],
  [
    "send of a stream",
    { a: { type: "stream", receive: true, send: true } },
    /^Procedure "a": send belongs to channel; /,
  ],
  [
    "receive of a request",
    { a: { type: "request", receive: true } },
    /receive belongs to stream, channel; a request can/,
  ],
  [
    "data of a request",
    { a: { type: "request", data: true } },
    /data belongs to event; a request can have param, result/,
  ],
  [
    "param of an event",
    { a: { type: "event", param: true } },
    /param belongs to request, stream, channel; an event/,
  ],
  [
    "errors of an event",
    { a: { type: "event", errors: {} } },
    /errors belongs to request, stream, channel; /,
  ],
  [
    "idempotent of a stream",
    { a: { type: "stream", receive: true, idempotent: true } },
    /idempotent belongs to request; /,
  ],
  [
    "cursor of a channel",
    { a: { type: "channel", receive: item, cursor: "seq" } },
    /cursor belongs to stream; /,
  ],
  [
    "a stream without receive",
    { a: { type: "stream" } },
    /^Procedure "a": a stream needs a receive slot, the schema of its/,
  ],
  [
    "a stream whose receive is undefined",
    { a: { type: "stream", receive: undefined } },
    /a stream needs a receive slot/,
  ],
  [
    "a schema that is none",
    { a: { type: "request", param: "string" } },
    /^Procedure "a": param: A schema is/,
  ],
  [
    "a schema that is null",
    { a: { type: "request", result: null } },
    /^Procedure "a": result must be a schema, it is null$/,
  ],
  [
    "a misspelt keyword",
    { a: { type: "request", param: { type: "string", minLenght: 1 } } },
    /"a" param: .*minLenght/,
  ],
  ["a type that is none", { a: { type: "event", data: { type: "strnig" } } }, /"a" data: /],
  [
    "a reference to nothing",
    { a: { type: "stream", receive: { $ref: "#/$defs/x" } } },
    /"a" receive: .*#\/\$defs\/x/,
  ],
  [
    "a schema that contains itself",
    { a: { type: "channel", send: cyclic } },
    /"a" send: the schema contains itself/,
  ],
  [
    "a Standard Schema without JSON Schema",
    { a: { type: "request", param: { "~standard": { vendor: "x" } } } },
    /param: .*x/,
  ],
  [
    "a misspelt keyword of a Standard Schema",
    { a: { type: "request", param: standard({ typ: "x" }) } },
    /"a" param: .*typ/,
  ],
  [
    "errors that are none",
    { a: { type: "request", errors: [] } },
    /^Procedure "a": errors must be an object from codes/,
  ],
  [
    "a code in lower case",
    { a: { type: "request", errors: { noStock: {} } } },
    /error code "noStock" must be upper case words/,
  ],
  [
    "a code with two underscores",
    { a: { type: "request", errors: { NO__STOCK: {} } } },
    /"NO__STOCK" must be upper case/,
  ],
  [
    "a code that ends in an underscore",
    { a: { type: "request", errors: { NO_: {} } } },
    /"NO_" must be upper case/,
  ],
  [
    "a code of 129 letters",
    { a: { type: "request", errors: { ["A".repeat(129)]: {} } } },
    /must be upper case words/,
  ],
  [
    "an error that is none",
    { a: { type: "request", errors: { NO: true } } },
    /errors\.NO must be an object, it is true$/,
  ],
  [
    "a misspelt slot of an error",
    { a: { type: "request", errors: { NO: { date: text } } } },
    /unknown slot "date" of errors\.NO; /,
  ],
  [
    "a broken schema of an error",
    { a: { type: "request", errors: { NO: { data: { typ: 1 } } } } },
    /"a" errors\.NO\.data: .*typ/,
  ],
  [
    "retryable that is text",
    { a: { type: "request", errors: { NO: { retryable: "yes" } } } },
    /errors\.NO\.retryable must be/,
  ],
  [
    "an error's description that is a number",
    { a: { type: "request", errors: { NO: { description: 1 } } } },
    /description must be a string/,
  ],
  [
    "a cursor that is a number",
    { a: { type: "stream", receive: item, cursor: 1 } },
    /cursor must be the name of a property/,
  ],
  [
    "a cursor that no item has",
    { a: { type: "stream", receive: item, cursor: "at" } },
    /^Procedure "a": cursor "at" must be the/,
  ],
  [
    "a cursor that every object has",
    { a: { type: "stream", receive: item, cursor: "toString" } },
    /cursor "toString" must be/,
  ],
  [
    "a cursor of items that are numbers",
    { a: { type: "stream", receive: { type: "number" }, cursor: "seq" } },
    /cursor "seq" must/,
  ],
  [
    "a cursor that some items lack",
    { a: { type: "stream", receive: { oneOf: [item, text] }, cursor: "seq" } },
    /that every item of/,
  ],
  [
    "a description that is none",
    { a: { type: "request", description: 1 } },
    /description must be a string, it is 1$/,
  ],
  [
    "tags that are one text",
    { a: { type: "request", tags: "x" } },
    /tags must be an array of strings, it is "x"$/,
  ],
  [
    "tags that are numbers",
    { a: { type: "request", tags: [1] } },
    /tags must be an array of strings, it is an array$/,
  ],
  [
    "examples that are none",
    { a: { type: "request", examples: {} } },
    /examples must be an array of values, it is object$/,
  ],
  [
    "deprecated that is text",
    { a: { type: "request", deprecated: "soon" } },
    /deprecated must be true or false, it is "soon"$/,
  ],
  [
    "idempotent that is a number",
    { a: { type: "request", idempotent: 1 } },
    /idempotent must be true or false, it is 1$/,
  ],
];

describe("checkDefinition refuses", () => {
  test.each(refused)("%s", (_, protocol, message) => {
    expect(() => checkDefinition(protocol)).toThrow(TypeError);
    expect(() => checkDefinition(protocol)).toThrow(message);
  });

  test.each(errorCodes)("the code %s, which is the toolkit's own", (code) => {
    expect(() => checkDefinition({ a: { type: "request", errors: { [code]: {} } } })).toThrow(
      `Procedure "a": error code ${code} is one of the toolkit's own, choose another`,
    );
  });
});

describe("checkDefinition", () => {
  test("looks at each object once, so that a server per connection costs nothing", () => {
    let looks = 0;
    const protocol = {
      get a() {
        looks++;
        return { type: "request" };
      },
    };
    checkDefinition(protocol);
    checkDefinition(protocol);
    expect(looks).toBe(1);
  });

  test("looks again at what it refused", () => {
    const protocol: Record<string, unknown> = { a: { type: "nothing" } };
    expect(() => checkDefinition(protocol)).toThrow(TypeError);
    expect(() => checkDefinition(protocol)).toThrow(TypeError);
    protocol.a = { type: "request" };
    expect(() => checkDefinition(protocol)).not.toThrow();
  });

  test("keeps what a Standard Schema threw as the cause", () => {
    const cause = new Error("dates have no JSON Schema");
    const broken = {
      "~standard": {
        version: 1,
        vendor: "test",
        jsonSchema: {
          input: () => {
            throw cause;
          },
        },
      },
    };
    const error = captured(() => checkDefinition({ a: { type: "request", param: broken } }));
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toMatch(/^Procedure "a": param: .*dates have no JSON Schema/);
    expect(((error as Error).cause as Error).cause).toBe(cause);
  });

  test("shortens what it quotes", () => {
    const error = captured(() => checkDefinition({ ["x".repeat(300)]: { type: "request" } }));
    expect((error as Error).message.length).toBeLessThan(200);
  });
});

describe("defineProtocol and checkProtocol", () => {
  test("defineProtocol gives back the very object", () => {
    const protocol = { a: { type: "request" } } as const;
    expect(defineProtocol(protocol)).toBe(protocol);
  });

  test("both check it", () => {
    const broken = { a: { type: "stream" } } as unknown as ProtocolDefinition;
    expect(() => defineProtocol(broken)).toThrow('Procedure "a": a stream needs a receive slot');
    expect(() => checkProtocol(broken)).toThrow('Procedure "a": a stream needs a receive slot');
    expect(() => checkProtocol(shop)).not.toThrow();
  });
});

function captured(action: () => void): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error("It did not throw");
}
