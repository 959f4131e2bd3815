/** The types of slots by procedure, and what a definition may be. */
import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";
import { describe, expectTypeOf, test } from "vitest";
import {
  checkProtocol,
  defineProtocol,
  type ProcedureDefinition,
  type ProtocolDefinition,
  type StreamDefinition,
} from "../../src/definition/protocol-definition.ts";
import type {
  CursorOf,
  DataOf,
  DeclaredError,
  ErrorCodeOf,
  ErrorDataOf,
  ErrorOf,
  KindOf,
  ParamOf,
  ProcedureNames,
  ReceiveOf,
  ResultOf,
  SendOf,
  ValueOf,
} from "../../src/definition/protocol-types.ts";
import { typed } from "../../src/definition/typed.ts";
import type { SluiceError } from "../../src/errors/sluice-error.ts";
import type { Shop, shop } from "./shop.ts";

type Definition = typeof shop;

describe("slots", () => {
  test("ParamOf gives the param, undefined if there is none", () => {
    expectTypeOf<ParamOf<Definition, "orders/place">>().toEqualTypeOf<{ item: string; count?: number }>();
    expectTypeOf<ParamOf<Definition, "orders/watch">>().toEqualTypeOf<{ status?: "open" | "sent" }>();
    expectTypeOf<ParamOf<Definition, "support/chat">>().toEqualTypeOf<string>();
    expectTypeOf<ParamOf<Definition, "math/add">>().toEqualTypeOf<[number, number]>();
    expectTypeOf<ParamOf<Definition, "orders">>().toEqualTypeOf<undefined>();
    expectTypeOf<ParamOf<Definition, "page/seen">>().toEqualTypeOf<undefined>();
  });

  test("ResultOf gives the result, void if there is none", () => {
    expectTypeOf<ResultOf<Definition, "orders/place">>().toEqualTypeOf<{ id: string }>();
    expectTypeOf<ResultOf<Definition, "orders/watch">>().toEqualTypeOf<{ seen: number }>();
    expectTypeOf<ResultOf<Definition, "support/chat">>().toEqualTypeOf<null>();
    expectTypeOf<ResultOf<Definition, "cart/any">>().toEqualTypeOf<unknown>();
    expectTypeOf<ResultOf<Definition, "cart/clear">>().toEqualTypeOf<void>();
    expectTypeOf<ResultOf<Definition, "prices/ticks">>().toEqualTypeOf<void>();
  });

  test("ReceiveOf and SendOf give items, never if there are none", () => {
    expectTypeOf<ReceiveOf<Definition, "orders/watch">>().toEqualTypeOf<
      { kind: "placed"; seq: number; id: string } | { kind: "sent"; seq: number }
    >();
    expectTypeOf<ReceiveOf<Definition, "support/chat">>().toEqualTypeOf<"typing" | "read">();
    expectTypeOf<ReceiveOf<Definition, "files/download">>().toEqualTypeOf<Uint8Array>();
    expectTypeOf<ReceiveOf<Definition, "files/upload">>().toEqualTypeOf<never>();
    expectTypeOf<SendOf<Definition, "support/chat">>().toEqualTypeOf<{ text: string }>();
    expectTypeOf<SendOf<Definition, "files/upload">>().toEqualTypeOf<Uint8Array>();
    expectTypeOf<SendOf<Definition, "files/download">>().toEqualTypeOf<never>();
  });

  test("DataOf gives an event's data, undefined if there is none", () => {
    expectTypeOf<DataOf<Definition, "page/seen">>().toEqualTypeOf<{ url: string }>();
    expectTypeOf<DataOf<Definition, "page/left">>().toEqualTypeOf<undefined>();
  });

  test("CursorOf gives the property of receive that the cursor names", () => {
    expectTypeOf<CursorOf<Definition, "orders/watch">>().toEqualTypeOf<number>();
    expectTypeOf<CursorOf<Definition, "prices/ticks">>().toEqualTypeOf<undefined>();
    expectTypeOf<CursorOf<Definition, "orders/place">>().toEqualTypeOf<undefined>();
  });

  test("KindOf gives the kind", () => {
    expectTypeOf<KindOf<Definition, "orders">>().toEqualTypeOf<"request">();
    expectTypeOf<KindOf<Definition, "page/left">>().toEqualTypeOf<"event">();
  });

  test("an interface that extends the definition gives the same types", () => {
    expectTypeOf<ParamOf<Shop, "orders/place">>().toEqualTypeOf<{ item: string; count?: number }>();
    expectTypeOf<ReceiveOf<Shop, "support/chat">>().toEqualTypeOf<"typing" | "read">();
    expectTypeOf<ErrorOf<Shop, "orders/watch">>().toEqualTypeOf<DeclaredError<"TOO_OLD", string>>();
    expectTypeOf<ProcedureNames<Shop, "channel">>().toEqualTypeOf<ProcedureNames<Definition, "channel">>();
  });

  test("a name that the protocol does not have is an error", () => {
    // @ts-expect-error no such procedure
    expectTypeOf<ParamOf<Definition, "orders/plcae">>().not.toBeNever();
    // @ts-expect-error no such procedure
    expectTypeOf<ErrorOf<Shop, "nothing">>().not.toBeNever();
  });
});

describe("ProcedureNames", () => {
  test("gives all names, or those of some kinds", () => {
    expectTypeOf<ProcedureNames<Definition>>().toEqualTypeOf<keyof Definition>();
    expectTypeOf<ProcedureNames<Definition, "stream">>().toEqualTypeOf<
      "orders/watch" | "prices/ticks" | "cart/any"
    >();
    expectTypeOf<ProcedureNames<Definition, "event">>().toEqualTypeOf<"page/seen" | "page/left">();
    expectTypeOf<ProcedureNames<Definition, "event" | "channel">>().toEqualTypeOf<
      "page/seen" | "page/left" | "support/chat" | "files/upload" | "files/download"
    >();
    expectTypeOf<ProcedureNames<Record<never, never>>>().toEqualTypeOf<never>();
  });
});

describe("errors", () => {
  test("ErrorOf is a union that the code tells apart", () => {
    type PlaceError = ErrorOf<Definition, "orders/place">;
    expectTypeOf<PlaceError["code"]>().toEqualTypeOf<"NO_STOCK" | "UNKNOWN_ITEM" | "LIMITED">();
    expectTypeOf<Extract<PlaceError, { code: "NO_STOCK" }>["data"]>().toEqualTypeOf<{ left: number }>();
    expectTypeOf<Extract<PlaceError, { code: "UNKNOWN_ITEM" }>["data"]>().toEqualTypeOf<undefined>();
    expectTypeOf<Extract<PlaceError, { code: "LIMITED" }>["data"]>().toEqualTypeOf<unknown>();
    expectTypeOf<PlaceError>().toExtend<SluiceError>();
    expectTypeOf<PlaceError["retryable"]>().toEqualTypeOf<boolean>();
    const left = (error: PlaceError): number => (error.code === "NO_STOCK" ? error.data.left : 0);
    expectTypeOf(left).returns.toEqualTypeOf<number>();
  });

  test("ErrorOf of a procedure that declares none is never", () => {
    expectTypeOf<ErrorOf<Definition, "cart/clear">>().toEqualTypeOf<never>();
    expectTypeOf<ErrorOf<Definition, "page/seen">>().toEqualTypeOf<never>();
    expectTypeOf<ErrorCodeOf<Definition, "cart/clear">>().toEqualTypeOf<never>();
  });

  test("ErrorCodeOf and ErrorDataOf give the parts", () => {
    expectTypeOf<ErrorCodeOf<Definition, "files/upload">>().toEqualTypeOf<"TOO_LARGE">();
    expectTypeOf<ErrorDataOf<Definition, "orders/watch", "TOO_OLD">>().toEqualTypeOf<string>();
  });
});

describe("a protocol that is only known to be one", () => {
  test("has any name, and unknown values", () => {
    expectTypeOf<ProcedureNames<ProtocolDefinition>>().toEqualTypeOf<string>();
    expectTypeOf<ProcedureNames<ProtocolDefinition, "request">>().toEqualTypeOf<string>();
    expectTypeOf<ParamOf<ProtocolDefinition, string>>().toEqualTypeOf<unknown>();
    expectTypeOf<ParamOf<ProtocolDefinition, "anything">>().toEqualTypeOf<unknown>();
    expectTypeOf<ResultOf<ProtocolDefinition, "anything">>().toEqualTypeOf<unknown>();
    expectTypeOf<ReceiveOf<ProtocolDefinition, "anything">>().toEqualTypeOf<unknown>();
    expectTypeOf<SendOf<ProtocolDefinition, "anything">>().toEqualTypeOf<unknown>();
    expectTypeOf<DataOf<ProtocolDefinition, "anything">>().toEqualTypeOf<unknown>();
    expectTypeOf<CursorOf<ProtocolDefinition, "anything">>().toEqualTypeOf<unknown>();
    expectTypeOf<ErrorCodeOf<ProtocolDefinition, "anything">>().toEqualTypeOf<string>();
    expectTypeOf<ErrorOf<ProtocolDefinition, "anything">>().toEqualTypeOf<DeclaredError<string, unknown>>();
    expectTypeOf<KindOf<ProtocolDefinition, "anything">>().toEqualTypeOf<ProcedureDefinition["type"]>();
  });

  test("of one kind has that kind", () => {
    interface Streams {
      readonly [name: string]: StreamDefinition;
    }
    expectTypeOf<ProcedureNames<Streams, "stream">>().toEqualTypeOf<string>();
    expectTypeOf<ProcedureNames<Streams, "request">>().toEqualTypeOf<never>();
    expectTypeOf<ReceiveOf<Streams, "x">>().toEqualTypeOf<unknown>();
    expectTypeOf<ParamOf<Streams, "x">>().toEqualTypeOf<unknown>();
    expectTypeOf<SendOf<Streams, "x">>().toEqualTypeOf<never>();
  });
});

describe("a slot with a Standard Schema", () => {
  interface Library<Input, Output> extends StandardSchemaV1<Input, Output> {
    readonly "~standard": StandardSchemaV1.Props<Input, Output> & StandardJSONSchemaV1.Props<Input, Output>;
    readonly kind: "library";
  }
  const user = {} as Library<{ name: string; role?: "a" | "b" }, { name: string; role: "a" | "b" }>;

  test("has the input type, since nothing transforms values on their way", () => {
    const protocol = {
      "users/add": { type: "request", param: user, result: user, errors: { TAKEN: { data: user } } },
    } as const satisfies ProtocolDefinition;
    type Input = { name: string; role?: "a" | "b" };
    expectTypeOf<ParamOf<typeof protocol, "users/add">>().toEqualTypeOf<Input>();
    expectTypeOf<ResultOf<typeof protocol, "users/add">>().toEqualTypeOf<Input>();
    expectTypeOf<ErrorDataOf<typeof protocol, "users/add", "TAKEN">>().toEqualTypeOf<Input>();
    expectTypeOf<ValueOf<Library<unknown, number>>>().toEqualTypeOf<unknown>();
  });

  test("is refused where it cannot say its JSON Schema", () => {
    const plain = {} as StandardSchemaV1<string, string>;
    // @ts-expect-error it has no jsonSchema
    const protocol = { a: { type: "request", param: plain } } as const satisfies ProtocolDefinition;
    expectTypeOf(protocol.a.type).toEqualTypeOf<"request">();
  });
});

describe("definitions", () => {
  test("defineProtocol keeps the exact types without as const", () => {
    const protocol = defineProtocol({
      add: {
        type: "request",
        param: { type: "array", prefixItems: [{ type: "number" }], minItems: 1, items: false },
      },
      tick: { type: "stream", receive: { type: "object", properties: { n: { const: 3 } }, required: ["n"] } },
      put: { type: "event", data: { type: "string", contentEncoding: "base64" } },
    });
    expectTypeOf<ParamOf<typeof protocol, "add">>().toEqualTypeOf<[number]>();
    expectTypeOf<ReceiveOf<typeof protocol, "tick">>().toEqualTypeOf<{ n: 3 }>();
    expectTypeOf<DataOf<typeof protocol, "put">>().toEqualTypeOf<Uint8Array>();
  });

  test("a typed schema may be a slot", () => {
    const protocol = {
      at: { type: "request", param: typed<{ at: `${number}` }>({ type: "object" }) },
    } as const satisfies ProtocolDefinition;
    expectTypeOf<ParamOf<typeof protocol, "at">>().toEqualTypeOf<{ at: `${number}` }>();
  });

  test("checkProtocol takes what is as const only", () => {
    const protocol = { tick: { type: "stream", receive: { type: "number" } } } as const;
    expectTypeOf(checkProtocol).toBeCallableWith(protocol);
    const broken = { tick: { type: "stream", recieve: { type: "number" } } } as const;
    // @ts-expect-error a stream without receive
    expectTypeOf(checkProtocol).toBeCallableWith(broken);
  });

  test("mistakes are errors where they stand", () => {
    const mistakes = {
      // @ts-expect-error no such kind
      a: { type: "reqest" },
      b: {
        type: "request",
        // @ts-expect-error misspelt
        parm: { type: "string" },
      },
      c: {
        type: "request",
        // @ts-expect-error no such type
        param: { type: "strnig" },
      },
      // @ts-expect-error a stream needs receive
      d: { type: "stream", param: { type: "string" } },
      e: {
        type: "stream",
        receive: true,
        // @ts-expect-error a stream sends nothing
        send: true,
      },
      f: {
        type: "event",
        // @ts-expect-error an event has data
        param: true,
      },
      g: {
        type: "event",
        // @ts-expect-error an event fails for nobody
        errors: { NO: {} },
      },
      h: {
        type: "channel",
        // @ts-expect-error only a request is idempotent
        idempotent: true,
      },
      i: {
        type: "request",
        // @ts-expect-error misspelt keyword
        param: { type: "object", propertys: { a: { type: "string" } } },
      },
      j: {
        type: "request",
        param: {
          type: "array",
          // @ts-expect-error misspelt deep inside
          items: { type: "string", minLenght: 1 },
        },
      },
      k: {
        type: "request",
        // @ts-expect-error misspelt slot of an error
        errors: { NO: { dta: { type: "string" } } },
      },
    } as const satisfies ProtocolDefinition;
    expectTypeOf(mistakes.k.type).toEqualTypeOf<"request">();
  });
});
