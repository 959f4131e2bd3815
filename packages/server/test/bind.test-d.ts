/** Methods for a protocol: what a class must look like, and that a wrong one is an error where it is bound. */
import { defineService, type ProtocolDefinition, typed } from "@sluice/protocol";
import { describe, expectTypeOf, test } from "vitest";
import { bind } from "../src/bind.ts";
import type { RequestContext, RequestHandler, StreamContext } from "../src/index.ts";
import type { MethodOf, MethodsOf } from "../src/methods-of.ts";
import { Server } from "../src/server.ts";
import { serve } from "../src/service-registry.ts";

const number = { type: "number" } as const;
const text = { type: "string" } as const;

const math = {
  add: {
    type: "request",
    param: { type: "array", prefixItems: [number, number], minItems: 2, items: false },
    result: number,
  },
  "text/repeat": {
    type: "request",
    param: { type: "array", prefixItems: [text, number], minItems: 1, items: false },
    result: text,
  },
  "text/join": {
    type: "request",
    param: { type: "array", prefixItems: [text], minItems: 1, items: text },
    result: text,
  },
  "text/upper": { type: "request", param: text, result: text },
  count: {
    type: "stream",
    param: { type: "object", properties: { to: number }, required: ["to"] },
    receive: number,
    result: text,
  },
  echo: { type: "channel", send: text, receive: text, result: number },
  reset: { type: "request" },
  seen: { type: "event", data: text },
} as const satisfies ProtocolDefinition;

type Definition = typeof math;
interface Maths extends Definition {}

describe("MethodOf", () => {
  test("takes the elements of a tuple one by one, then the context", () => {
    expectTypeOf<MethodOf<Maths, "add">>().toEqualTypeOf<
      (a: number, b: number, context: RequestContext<Maths, "add">) => number | Promise<number>
    >();
  });

  test("keeps the place of the context behind an element that may be left out", () => {
    expectTypeOf<Parameters<MethodOf<Maths, "text/repeat">>>().toEqualTypeOf<
      [string, number | undefined, RequestContext<Maths, "text/repeat">]
    >();
    type AllOptional = {
      f: {
        type: "request";
        param: { prefixItems: readonly [typeof text, typeof number]; type: "array"; items: typeof number };
      };
    };
    expectTypeOf<Parameters<MethodOf<AllOptional, "f">>>().toEqualTypeOf<
      [string | undefined, number | undefined, ...number[], RequestContext<AllOptional, "f">]
    >();
  });

  test("puts the context behind elements without an end", () => {
    expectTypeOf<Parameters<MethodOf<Maths, "text/join">>>().toEqualTypeOf<
      [string, ...string[], RequestContext<Maths, "text/join">]
    >();
  });

  test("takes any other param as one argument, also an absent one", () => {
    expectTypeOf<Parameters<MethodOf<Maths, "text/upper">>>().toEqualTypeOf<
      [string, RequestContext<Maths, "text/upper">]
    >();
    expectTypeOf<Parameters<MethodOf<Maths, "count">>>().toEqualTypeOf<
      [{ to: number }, StreamContext<Maths, "count">]
    >();
    expectTypeOf<Parameters<MethodOf<Maths, "reset">>[0]>().toEqualTypeOf<undefined>();
    expectTypeOf<Parameters<MethodOf<Maths, "seen">>[0]>().toEqualTypeOf<string>();
  });

  test("takes the type of a typed schema as it is: a tuple makes arguments", () => {
    const protocol = {
      pair: { type: "request", param: typed<[a: number, b: string]>({ type: "array" }) },
      list: { type: "request", param: typed<number[]>({ type: "array" }) },
    } as const satisfies ProtocolDefinition;
    type P = typeof protocol;
    expectTypeOf<Parameters<MethodOf<P, "pair">>>().toEqualTypeOf<
      [number, string, RequestContext<P, "pair">]
    >();
    expectTypeOf<Parameters<MethodOf<P, "list">>>().toEqualTypeOf<[number[], RequestContext<P, "list">]>();
  });

  test("returns what the handler returns", () => {
    expectTypeOf<ReturnType<MethodOf<Maths, "add">>>().toEqualTypeOf<
      ReturnType<RequestHandler<Maths, "add">>
    >();
    expectTypeOf<ReturnType<MethodOf<Maths, "count">>>().toEqualTypeOf<
      string | Promise<string> | AsyncGenerator<number, string, void>
    >();
  });

  test("knows the server's context", () => {
    expectTypeOf<Parameters<MethodOf<Maths, "add", { user: string }>>[2]["context"]>().toEqualTypeOf<{
      user: string;
    }>();
  });
});

/** What every class of these tests has, and serves well. */
class Base {
  seenTexts: string[] = [];
  text = {
    repeat: (word: string, times = 2) => word.repeat(times),
    join: (...parts: unknown[]) => parts.slice(0, -1).join(""),
    upper: async (word: string) => word.toUpperCase(),
  };
  add(a: number, b: number): number {
    return a + b;
  }
  async *count({ to }: { to: number }): AsyncGenerator<number, string> {
    for (let n = 1; n <= to; n++) yield n;
    return "done";
  }
  async echo(_param: undefined, { readable }: { readable: AsyncIterable<string> }): Promise<number> {
    let sum = 0;
    for await (const item of readable) sum += item.length;
    return sum;
  }
  reset(): void {}
  async seen(url: string): Promise<void> {
    this.seenTexts.push(url);
  }
}

describe("bind", () => {
  test("makes the handlers of a server and of a service", () => {
    const handlers = bind(math, new Base());
    expectTypeOf(handlers["text/upper"]).toEqualTypeOf<RequestHandler<Definition, "text/upper">>();
    new Server({ protocol: math, public: true, handlers });
    new Server({ protocol: math, public: true, handlers: bind(math, new Base()) });
    const service = defineService({ name: "math", version: "1.0.0", protocol: math });
    new Server({ services: [serve(service, bind(math, new Base()))] });
  });

  test("takes an object, and types the parameters of its methods", () => {
    const { text: texts, reset, seen, echo, count } = new Base();
    bind(math, {
      add(a, b, { signal }) {
        expectTypeOf([a, b]).toEqualTypeOf<number[]>();
        expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
        return a + b;
      },
      text: texts,
      count,
      echo,
      reset,
      seen,
    });
  });

  test("refuses a wrong parameter, as strictly in a method as in a function", () => {
    class Add {
      add(a: string, b: number): number {
        return a.length + b;
      }
    }
    // @ts-expect-error a is a number
    bind({ add: math.add }, new Add());
    class Upper {
      text = { upper: (word: number) => String(word) };
    }
    // @ts-expect-error word is a text
    bind({ "text/upper": math["text/upper"] }, new Upper());
    class Count {
      async *count({ from }: { from: number }): AsyncGenerator<number, string> {
        yield from;
        return "done";
      }
    }
    // @ts-expect-error the param has no such member
    bind({ count: math.count }, new Count());
    class Narrow {
      add(a: 1 | 2, b: number): number {
        return a + b;
      }
    }
    // @ts-expect-error a is any number
    bind({ add: math.add }, new Narrow());
  });

  test("refuses a method that needs an argument which may be left out", () => {
    class Repeat {
      text = { repeat: (word: string, times: number) => word.repeat(times) };
    }
    // @ts-expect-error times may be undefined
    bind({ "text/repeat": math["text/repeat"] }, new Repeat());
  });

  test("refuses a method that would take the context for an element", () => {
    class Join {
      text = { join: (...parts: string[]) => parts.join("") };
    }
    // @ts-expect-error the last argument is the context
    bind({ "text/join": math["text/join"] }, new Join());
  });

  test("refuses a wrong result", () => {
    class Add {
      add(a: number, b: number): string {
        return `${a + b}`;
      }
    }
    // @ts-expect-error the result is a number
    bind({ add: math.add }, new Add());
    class Later {
      async add(a: number, b: number): Promise<string> {
        return `${a + b}`;
      }
    }
    // @ts-expect-error the result is a number
    bind({ add: math.add }, new Later());
  });

  test("refuses a wrong item and a wrong result of a generator", () => {
    class Item {
      async *count(): AsyncGenerator<string, string> {
        yield "1";
        return "done";
      }
    }
    // @ts-expect-error items are numbers
    bind({ count: math.count }, new Item());
    class Result {
      async *count(): AsyncGenerator<number, number> {
        yield 1;
        return 1;
      }
    }
    // @ts-expect-error the result is a text
    bind({ count: math.count }, new Result());
    class NotAsync {
      *count(): Generator<number, string> {
        yield 1;
        return "done";
      }
    }
    // @ts-expect-error a generator must be async
    bind({ count: math.count }, new NotAsync());
  });

  test("refuses what has no such method, a private one, or none of that kind", () => {
    // @ts-expect-error all are missing
    bind(math, {});
    class Private {
      private add(a: number, b: number): number {
        return a + b;
      }
      use(): number {
        return this.add(1, 2);
      }
    }
    // @ts-expect-error add is private
    bind({ add: math.add }, new Private());
    // @ts-expect-error text is no object
    bind({ "text/upper": math["text/upper"] }, { text: "upper" });
    // @ts-expect-error in an object literal a method too many is a mistake
    bind({ add: math.add }, { add: (a: number, b: number) => a + b, subtract: () => 1 });
  });

  test("takes a class with more than the protocol asks for", () => {
    class More {
      sum = 0;
      add(a: number, b: number): number {
        this.sum += a + b;
        return this.sum;
      }
      own(): void {}
    }
    bind({ add: math.add }, new More());
  });

  test("a name that begins others needs a method with members", () => {
    const protocol = {
      orders: { type: "request", result: number },
      "orders/place": { type: "request", result: text },
    } as const satisfies ProtocolDefinition;
    bind(protocol, { orders: Object.assign(() => 1, { place: () => "1" }) });
    // @ts-expect-error place is missing
    bind(protocol, { orders: () => 1 });
  });

  test("says which context of the server the methods need", () => {
    interface Session {
      readonly user: string;
    }
    class WhoAmI {
      add(_a: number, _b: number, { context }: RequestContext<typeof one, "add", Session>): number {
        return context.user.length;
      }
    }
    const one = { add: math.add };
    // @ts-expect-error nothing says that the context is a session
    bind(one, new WhoAmI());
    const handlers = bind<typeof one, Session>(one, new WhoAmI());
    new Server({ protocol: one, context: (): Session => ({ user: "ada" }), handlers });
    // @ts-expect-error another context
    new Server({ protocol: one, context: (): { name: string } => ({ name: "ada" }), handlers });
  });

  test("takes any object for a protocol that is known at run time only", () => {
    expectTypeOf<MethodsOf<ProtocolDefinition>>().toEqualTypeOf<object>();
    bind({} as ProtocolDefinition, new Base());
    // @ts-expect-error a text is no object
    bind({} as ProtocolDefinition, "text");
  });
});
