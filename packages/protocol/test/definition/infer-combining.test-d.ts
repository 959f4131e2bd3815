/** Infer: references, recursion and what combines schemas, compared exactly. */
import { describe, expectTypeOf, test } from "vitest";
import type { Infer } from "../../src/definition/infer.ts";
import { typed } from "../../src/definition/typed.ts";

type Text = { readonly type: "string" };
type Count = { readonly type: "integer" };
type Nothing = { readonly type: "null" };

describe("$ref", () => {
  test("Infer follows references to $defs, also to each other", () => {
    type Order = {
      type: "object";
      properties: { id: { $ref: "#/$defs/id" }; lines: { type: "array"; items: { $ref: "#/$defs/line" } } };
      required: ["id", "lines"];
      $defs: {
        id: Text;
        line: {
          type: "object";
          properties: { sku: { $ref: "#/$defs/id" }; count: Count };
          required: ["sku"];
        };
      };
    };
    expectTypeOf<Infer<Order>>().toEqualTypeOf<{ id: string; lines: { sku: string; count?: number }[] }>();
  });

  test("Infer of a tree is recursive and exact at every level", () => {
    type Tree = {
      readonly $ref: "#/$defs/node";
      readonly $defs: {
        readonly node: {
          readonly type: "object";
          readonly properties: {
            readonly name: Text;
            readonly children: { readonly type: "array"; readonly items: { readonly $ref: "#/$defs/node" } };
          };
          readonly required: readonly ["name", "children"];
        };
      };
    };
    type Name = Infer<Tree>["children"][0]["children"][0]["children"][0]["children"][0]["name"];
    expectTypeOf<Name>().toEqualTypeOf<string>();
    interface Node {
      name: string;
      children: Node[];
    }
    expectTypeOf<Infer<Tree>>().toExtend<Node>();
    expectTypeOf<Node>().toExtend<Infer<Tree>>();
    expectTypeOf<keyof Infer<Tree>>().toEqualTypeOf<"name" | "children">();
  });

  test("Infer of a list that refers to its root ends where the schema does", () => {
    type List = {
      readonly type: "object";
      readonly properties: {
        readonly value: Count;
        readonly next: { readonly anyOf: readonly [Nothing, { readonly $ref: "#" }] };
      };
      readonly required: readonly ["value", "next"];
    };
    type Next = NonNullable<NonNullable<NonNullable<Infer<List>["next"]>["next"]>["next"]>;
    expectTypeOf<Next["value"]>().toEqualTypeOf<number>();
    expectTypeOf<Infer<List>["next"]>().extract<null>().toEqualTypeOf<null>();
    const three: Infer<List> = { value: 1, next: { value: 2, next: { value: 3, next: null } } };
    expectTypeOf(three.next?.next?.next?.value).toEqualTypeOf<number | undefined>();
    // @ts-expect-error the third has no text
    const wrong: Infer<List> = { value: 1, next: { value: 2, next: { value: "3", next: null } } };
    expectTypeOf(wrong).toExtend<Infer<List>>();
  });

  test("Infer of any JSON value is recursive", () => {
    type Json = {
      readonly $ref: "#/$defs/json";
      readonly $defs: {
        readonly json: {
          readonly anyOf: readonly [
            { readonly type: readonly ["string", "number", "boolean", "null"] },
            { readonly type: "array"; readonly items: { readonly $ref: "#/$defs/json" } },
            { readonly type: "object"; readonly additionalProperties: { readonly $ref: "#/$defs/json" } },
          ];
        };
      };
    };
    const value: Infer<Json> = { a: [1, "x", { b: [null, [true]] }] };
    // @ts-expect-error no dates in JSON
    const wrong: Infer<Json> = { a: [new Date()] };
    expectTypeOf(value).toExtend<Infer<Json>>();
    expectTypeOf(wrong).toExtend<Infer<Json>>();
  });

  test("Infer joins a reference with what stands beside it", () => {
    type Named = {
      $ref: "#/$defs/base";
      type: "object";
      properties: { name: Text };
      $defs: { base: { type: "object"; properties: { id: Text }; required: ["id"] } };
    };
    expectTypeOf<Infer<Named>>().toEqualTypeOf<{ name?: string } & { id: string }>();
  });

  test("Infer starts below a $id anew", () => {
    type Bundle = {
      type: "object";
      properties: { inner: { $id: "https://a.example/inner"; $ref: "#/$defs/x"; $defs: { x: Count } } };
      $defs: { x: Text };
    };
    expectTypeOf<Infer<Bundle>>().toEqualTypeOf<{ inner?: number }>();
  });

  test("Infer widens references that it does not follow", () => {
    type Named = { $anchor: "here"; type: "object"; properties: { a: { $ref: "#here" } } };
    expectTypeOf<Infer<Named>>().toEqualTypeOf<{ a?: unknown }>();
    type Deep = { type: "object"; properties: { a: Text; b: { $ref: "#/properties/a" } } };
    expectTypeOf<Infer<Deep>>().toEqualTypeOf<{ a?: string; b?: unknown }>();
    type Escaped = { $ref: "#/$defs/a~1b"; $defs: { "a~1b": Count; "a/b": Text } };
    expectTypeOf<Infer<Escaped>>().toEqualTypeOf<unknown>();
    type Inside = { $ref: "#/$defs/a/properties/b"; $defs: { "a/properties/b": Count } };
    expectTypeOf<Infer<Inside>>().toEqualTypeOf<unknown>();
    expectTypeOf<Infer<{ $ref: "#/$defs/missing" }>>().toEqualTypeOf<unknown>();
    expectTypeOf<Infer<{ $ref: string; $defs: { a: Text } }>>().toEqualTypeOf<unknown>();
  });
});

describe("anyOf and oneOf", () => {
  test("Infer makes a union of the branches", () => {
    expectTypeOf<Infer<{ anyOf: [Text, Nothing] }>>().toEqualTypeOf<string | null>();
    expectTypeOf<Infer<{ oneOf: [Text, Count, { type: "array"; items: Text }] }>>().toEqualTypeOf<
      string | number | string[]
    >();
    expectTypeOf<Infer<{ anyOf: [Text, true] }>>().toEqualTypeOf<unknown>();
    expectTypeOf<Infer<{ oneOf: [Text, false] }>>().toEqualTypeOf<string>();
  });

  test("Infer of tagged branches is a union that its tag tells apart", () => {
    type Shape = {
      oneOf: [
        { type: "object"; properties: { kind: { const: "circle" }; r: Count }; required: ["kind", "r"] },
        {
          type: "object";
          properties: { kind: { const: "square" }; side: Count };
          required: ["kind", "side"];
        },
      ];
    };
    expectTypeOf<Infer<Shape>>().toEqualTypeOf<
      { kind: "circle"; r: number } | { kind: "square"; side: number }
    >();
    const size = (shape: Infer<Shape>): number => {
      if (shape.kind === "circle") {
        expectTypeOf(shape).toEqualTypeOf<{ kind: "circle"; r: number }>();
        return shape.r;
      }
      return shape.side;
    };
    expectTypeOf(size).returns.toEqualTypeOf<number>();
  });

  test("Infer joins the branches with what stands beside them", () => {
    type Event = {
      type: "object";
      properties: { at: Text };
      required: ["at"];
      oneOf: [{ properties: { a: Count }; required: ["a"] }, { properties: { b: Count }; required: ["b"] }];
    };
    expectTypeOf<Infer<Event>>().toEqualTypeOf<{ at: string } & ({ a: number } | { b: number })>();
  });

  test("Infer joins oneOf, anyOf, allOf and $ref that stand side by side", () => {
    type All = {
      oneOf: [{ type: "object"; properties: { a: Text } }];
      anyOf: [{ type: "object"; properties: { b: Text } }];
      allOf: [{ type: "object"; properties: { c: Text } }];
      $ref: "#/$defs/d";
      $defs: { d: { type: "object"; properties: { d: Text } } };
    };
    expectTypeOf<Infer<All>>().toEqualTypeOf<
      { d?: string } & { a?: string } & { b?: string } & { c?: string }
    >();
  });

  test("Infer of branches that only require says nothing of them", () => {
    type Either = {
      type: "object";
      properties: { a: Text; b: Text };
      anyOf: [{ required: ["a"] }, { required: ["b"] }];
    };
    expectTypeOf<Infer<Either>>().toEqualTypeOf<{ a?: string; b?: string }>();
  });

  test("Infer leaves out branches beside several types, which say nothing of a null", () => {
    type Nullable = {
      type: ["object", "null"];
      properties: { at: Text };
      oneOf: [{ properties: { a: Count }; required: ["a"] }];
    };
    expectTypeOf<Infer<Nullable>>().toEqualTypeOf<{ at?: string } | null>();
  });
});

describe("allOf", () => {
  test("Infer joins the parts", () => {
    type Point = {
      allOf: [
        { $ref: "#/$defs/named" },
        { type: "object"; properties: { x: Count }; required: ["x"] },
        { description: "nothing more" },
      ];
      $defs: { named: { type: "object"; properties: { name: Text }; required: ["name"] } };
    };
    expectTypeOf<Infer<Point>>().toEqualTypeOf<{ name: string } & { x: number }>();
  });

  test("Infer of contradicting parts is never", () => {
    expectTypeOf<Infer<{ allOf: [Text, Count] }>>().toEqualTypeOf<never>();
  });
});

describe("if, then, else", () => {
  type When<Rest> = {
    readonly type: "object";
    readonly properties: { readonly kind: { readonly enum: readonly ["a", "b"] } };
    readonly required: readonly ["kind"];
    readonly if: {
      readonly properties: { readonly kind: { readonly const: "a" } };
      readonly required: readonly ["kind"];
    };
  } & Rest;
  type Then = {
    readonly then: { readonly properties: { readonly x: Count }; readonly required: readonly ["x"] };
  };
  type Else = {
    readonly else: { readonly properties: { readonly y: Text }; readonly required: readonly ["y"] };
  };

  test("Infer makes a union of both ways", () => {
    expectTypeOf<Infer<When<Then & Else>>>().toEqualTypeOf<
      { kind: "a" | "b" } & (({ kind: "a" } & { x: number }) | { y: string })
    >();
  });

  test("Infer says what it can where one way is missing", () => {
    expectTypeOf<Infer<When<Then>>>().toEqualTypeOf<{ kind: "a" | "b" }>();
    expectTypeOf<Infer<When<Else>>>().toEqualTypeOf<{ kind: "a" | "b" } & ({ kind: "a" } | { y: string })>();
  });
});

describe("typed", () => {
  test("Infer believes typed, also deep inside a schema", () => {
    const order = typed<`order-${number}`>({ type: "string", pattern: "^order-" });
    expectTypeOf<Infer<typeof order>>().toEqualTypeOf<`order-${number}`>();
    const list = { type: "array", items: order } as const;
    expectTypeOf<Infer<typeof list>>().toEqualTypeOf<`order-${number}`[]>();
    const holder = {
      type: "object",
      properties: { order, extra: typed<unknown>({}) },
      required: ["order"],
    } as const;
    expectTypeOf<Infer<typeof holder>>().toEqualTypeOf<{ order: `order-${number}`; extra?: unknown }>();
    const maybe = typed<Date | undefined>({ type: "object" });
    expectTypeOf<Infer<typeof maybe>>().toEqualTypeOf<Date | undefined>();
  });

  test("typed takes no schema with a misspelt keyword", () => {
    // @ts-expect-error patern
    typed<string>({ type: "string", patern: "^order-" });
  });
});

describe("values of two schemas", () => {
  test("have the same type where the schemas say the same, wherever that stands", () => {
    type Parts = {
      map: { type: "object"; additionalProperties: Text };
      open: { type: "object"; properties: { a: Text }; required: ["a"]; additionalProperties: Count };
      some: { type: "object"; properties: { a: Text; b: Text; c: Text }; required: ["a", "b"] };
      unlisted: { type: "object"; properties: { a: Text }; required: ["a", "z"] };
      tuple: { type: "array"; prefixItems: [Text, { type: "object"; additionalProperties: Text }] };
      constant: { const: { a: [1, { b: 2 }] } };
    };
    type Holder<Rest> = Infer<
      {
        type: "object";
        properties: Parts;
        required: ["map", "open", "some", "unlisted", "tuple", "constant"];
      } & Rest
    >;
    const one = {} as Holder<{ $defs: { x: Text } }>;
    const other: Holder<{ $defs: { y: Count } }> = one;
    expectTypeOf(other.map).toEqualTypeOf<{ [key: string]: string }>();
    const again: typeof one = other;
    expectTypeOf(again).toEqualTypeOf<typeof one>();
  });
});

describe("sizes that real schemas have", () => {
  test("Infer goes 40 levels deep", () => {
    type Level<S> = {
      readonly type: "object";
      readonly properties: { readonly in: S };
      readonly required: readonly ["in"];
    };
    type Ten<S> = Level<Level<Level<Level<Level<Level<Level<Level<Level<Level<S>>>>>>>>>>;
    type Value = Infer<Ten<Ten<Ten<Ten<Text>>>>>;
    type At<V, Path extends 1[]> = Path extends [1, ...infer Rest extends 1[]]
      ? V extends { in: infer Inner }
        ? At<Inner, Rest>
        : "too short"
      : V;
    type Steps = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1];
    expectTypeOf<At<Value, [...Steps, ...Steps, ...Steps, ...Steps]>>().toEqualTypeOf<string>();
  });

  test("Infer takes a union of 60 branches", () => {
    type Branch<Tag> = {
      type: "object";
      properties: { tag: { const: Tag }; value: Count };
      required: ["tag", "value"];
    };
    type Digit = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;
    type Tag = `${0 | 1 | 2 | 3 | 4 | 5}${Digit}`;
    type Value = Infer<{ oneOf: { [K in Tag]: Branch<K> }[Tag][] }>;
    expectTypeOf<Value["tag"]>().toEqualTypeOf<Tag>();
    expectTypeOf<Extract<Value, { tag: "42" }>>().toEqualTypeOf<{ tag: "42"; value: number }>();
  });
});
