/** Methods as handlers: which are found, with which `this`, with which arguments, and what is refused. */
import type { ProtocolDefinition } from "@sluice/protocol";
import { describe, expect, test } from "vitest";
import { bind } from "../src/bind.ts";
import { inWorld } from "./world.ts";

const number = { type: "number" } as const;
const text = { type: "string" } as const;
const request = { type: "request" } as const;

/** Binds what the types would refuse as well. */
function bindAny(
  protocol: ProtocolDefinition,
  instance: unknown,
): Record<string, (context: unknown) => unknown> {
  return bind(protocol, instance as object) as unknown as Record<string, (context: unknown) => unknown>;
}

/** What a method with a rest parameter is called with, given the slot of its param. */
function argumentsFor(param: unknown, value: unknown): unknown[] {
  const protocol = { f: { type: "request", param } } as ProtocolDefinition;
  const context = { param: value };
  const args = bindAny(protocol, { f: (...all: unknown[]) => all }).f?.(context) as unknown[];
  expect(args.at(-1)).toBe(context);
  return args.slice(0, -1);
}

describe("methods that bind finds", () => {
  class Base {
    readonly #factor: number;
    constructor(factor: number) {
      this.#factor = factor;
    }
    scale(value: number): number {
      return value * this.#factor;
    }
  }
  class Derived extends Base {
    own = (value: number): number => this.scale(value) + 1;
    override toString(): string {
      return "a derived one";
    }
  }

  test("are those of the class, of its base, and functions in its fields, each with the instance as this", () => {
    const protocol = { scale: request, own: request, toString: request } as ProtocolDefinition;
    const handlers = bindAny(protocol, new Derived(3));
    expect(handlers.scale?.({ param: 2 })).toBe(6);
    expect(handlers.own?.({ param: 2 })).toBe(7);
    expect(Object.entries(handlers).at(-1)?.[1]({})).toBe("a derived one");
  });

  test("are called on the object that holds them, along the path of the name", () => {
    const handlers = bindAny(
      { "a/b/c": request, "a/d": request },
      {
        a: {
          name: "a",
          d() {
            return this.name;
          },
          b: {
            name: "b",
            c() {
              return this.name;
            },
          },
        },
      },
    );
    expect([handlers["a/b/c"]?.({}), handlers["a/d"]?.({})]).toEqual(["b", "a"]);
  });

  test("may be members of a method, which is then this", () => {
    const orders = Object.assign(() => "all", {
      place(this: unknown) {
        return this;
      },
    });
    const handlers = bindAny({ orders: request, "orders/place": request }, { orders });
    expect(handlers.orders?.({})).toBe("all");
    expect(handlers["orders/place"]?.({})).toBe(orders);
  });

  test("may be static, behind an accessor, without a prototype, or called like what every object has", () => {
    class Mixed {
      static add(): string {
        return "static";
      }
      get deep(): object {
        return Object.assign(Object.create(null), { inner: () => "inner" });
      }
    }
    expect(bindAny({ add: request }, Mixed).add?.({})).toBe("static");
    expect(bindAny({ "deep/inner": request }, new Mixed())["deep/inner"]?.({})).toBe("inner");
    const odd = JSON.parse('{"__proto__": 1, "constructor": 1}');
    for (const name of Object.keys(odd)) {
      Object.defineProperty(odd, name, { value: () => name });
      const bound = bindAny(Object.fromEntries([[name, request]]), odd);
      expect(Object.keys(bound)).toEqual([name]);
      expect(Object.getOwnPropertyDescriptor(bound, name)?.value({})).toBe(name);
    }
  });

  test("are looked up once: a later one is not seen", () => {
    const instance = { f: () => "first" };
    const handlers = bindAny({ f: request }, instance);
    instance.f = () => "second";
    expect(handlers.f?.({})).toBe("first");
  });
});

describe("what bind refuses", () => {
  test("names every method that is missing", () => {
    const protocol = { "math/add": request, "math/deep/sub": request, "text/upper": request, here: request };
    expect(() => bindAny({ "math/add": request }, {})).toThrow(new TypeError("Missing method: math.add"));
    expect(() => bindAny(protocol, { math: {}, here() {} })).toThrow(
      new TypeError("Missing method: math.add, math.deep.sub, text.upper"),
    );
    expect(() => bindAny({ a: request }, { a: undefined })).toThrow(new TypeError("Missing method: a"));
    for (const nothing of [null, undefined, 7, "text"]) {
      expect(() => bindAny({ a: request, length: request }, nothing)).toThrow(
        new TypeError("Missing method: a, length"),
      );
    }
  });

  test("names members that are no methods", () => {
    const protocol = { pi: request, "math/add": request, none: request, gone: request, "f/length": request };
    const instance = { pi: 3.14, math: { add: {} }, none: null, f: () => {} };
    expect(() => bindAny(protocol, instance)).toThrow(
      new TypeError(
        "Missing method: gone; Not a method: pi (number), math.add (object), none (null), f.length (number)",
      ),
    );
  });

  const inherited = [
    ...Object.getOwnPropertyNames(Object.prototype),
    ...Object.getOwnPropertyNames(Function.prototype).filter((name) => name !== "length" && name !== "name"),
  ];
  test.each([...new Set(inherited)])("does not take %s from what every object or function has", (name) => {
    class Empty {
      inner = Object.assign(() => {}, { arrow: async () => {} });
      generate = async function* () {};
    }
    for (const path of [name, `inner/${name}`, `inner/arrow/${name}`]) {
      const protocol = Object.fromEntries([[path, request]]);
      expect(() => bindAny(protocol, new Empty())).toThrow(
        new TypeError(`Missing method: ${path.replaceAll("/", ".")}`),
      );
    }
  });
});

describe("arguments", () => {
  const pair = { type: "array", prefixItems: [number, number], items: false };

  test("are the elements of a prefixItems param, then the context", () => {
    expect(argumentsFor({ ...pair, minItems: 2 }, [1, 2])).toEqual([1, 2]);
    expect(argumentsFor({ type: "array", prefixItems: [] }, [1])).toEqual([1]);
  });

  test("leave the place of an element that is not there", () => {
    expect(argumentsFor(pair, [1])).toEqual([1, undefined]);
    expect(argumentsFor(pair, [])).toEqual([undefined, undefined]);
    expect(argumentsFor({ type: "array", prefixItems: [text], items: number }, [])).toEqual([undefined]);
  });

  test("are all elements of a list without an end", () => {
    expect(argumentsFor({ type: "array", prefixItems: [text], items: number }, ["a", 1, 2])).toEqual([
      "a",
      1,
      2,
    ]);
  });

  test("are the param itself otherwise, also an array, an absent one, or one that only may be an array", () => {
    expect(argumentsFor({ type: "array", items: number }, [1, 2])).toEqual([[1, 2]]);
    expect(argumentsFor(undefined, undefined)).toEqual([undefined]);
    expect(argumentsFor(true, 0)).toEqual([0]);
    expect(argumentsFor({ type: ["array", "null"], prefixItems: [number] }, null)).toEqual([null]);
  });

  test("do not change the param that middleware may still look at", () => {
    const param = Object.freeze([1]);
    expect(argumentsFor(pair, param)).toEqual([1, undefined]);
    expect(param).toEqual([1]);
  });

  test("of an event are its data, as one value, and the context", () => {
    const seen: unknown[] = [];
    const protocol = { seen: { type: "event", data: pair } } as ProtocolDefinition;
    const context = { data: [1, 2], param: "not this" };
    bindAny(protocol, { seen: (...args: unknown[]) => void seen.push(...args) }).seen?.(context);
    expect(seen).toEqual([[1, 2], context]);
  });
});

const protocol = {
  add: {
    type: "request",
    param: { type: "array", prefixItems: [number, number], minItems: 2, items: false },
    result: number,
  },
  "text/upper": { type: "request", param: text, result: text },
  fail: { type: "request", errors: { NO_LUCK: { data: number } } },
  fibonacci: { type: "stream", param: { type: "integer" }, receive: number, result: text },
  squares: { type: "stream", param: { type: "integer" }, receive: number },
  echo: { type: "channel", send: text, receive: text, result: number },
  note: { type: "event", data: text },
} as const satisfies ProtocolDefinition;

class Toolbox {
  readonly notes: string[] = [];
  readonly text = { upper: async (word: string) => word.toUpperCase() };
  #calls = 0;

  add(a: number, b: number): number {
    this.#calls++;
    return a + b;
  }

  fail(_param: undefined, { fail }: { fail(code: "NO_LUCK", data: number): never }): void {
    fail("NO_LUCK", this.#calls);
  }

  async *fibonacci(count: number, { signal }: { signal: AbortSignal }): AsyncGenerator<number, string> {
    let [a, b] = [0, 1];
    for (let n = 0; n < count && !signal.aborted; n++) {
      yield a;
      [a, b] = [b, a + b];
    }
    return `${this.#calls} calls before`;
  }

  async squares(count: number, { writable }: { writable: WritableStream<number> }): Promise<void> {
    const writer = writable.getWriter();
    for (let n = 1; n <= count; n++) await writer.write(n * n);
  }

  async *echo(
    _param: undefined,
    { readable }: { readable: AsyncIterable<string> },
  ): AsyncGenerator<string, number> {
    let length = 0;
    for await (const item of readable) {
      length += item.length;
      yield item;
    }
    return length;
  }

  note(line: string): void {
    this.notes.push(line);
  }
}

async function itemsOf<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const taken: Item[] = [];
  for await (const item of items) taken.push(item);
  return taken;
}

test("a class serves calls of every kind, by sync, async and generator methods", async () => {
  const toolbox = new Toolbox();
  const handlers = bind(protocol, toolbox);
  await inWorld({ protocol, public: true, handlers }, async (world) => {
    const client = world.connect({ protocol });
    expect(await world.until(client.request("add", { param: [10, 20] }))).toBe(30);
    expect(await world.until(client.request("text/upper", { param: "loud" }))).toBe("LOUD");
    expect(await world.failure(client.request("fail"))).toMatchObject({ code: "NO_LUCK", data: 1 });

    const fibonacci = client.stream("fibonacci", { param: 6 });
    expect(await world.until(itemsOf(fibonacci))).toEqual([0, 1, 1, 2, 3, 5]);
    expect(await world.until(fibonacci)).toBe("1 calls before");
    expect(await world.until(itemsOf(client.stream("squares", { param: 3 })))).toEqual([1, 4, 9]);

    const echo = client.channel("echo");
    await world.until(echo.send("a"));
    await world.until(echo.send("bc"));
    await world.until(echo.writable.close());
    expect(await world.until(itemsOf(echo))).toEqual(["a", "bc"]);
    expect(await world.until(echo)).toBe(3);

    await world.until(client.event("note", { data: "seen" }));
    expect(toolbox.notes).toEqual(["seen"]);
  });
});

test("a method takes what the function of client.api takes", async () => {
  await inWorld({ protocol, public: true, handlers: bind(protocol, new Toolbox()) }, async (world) => {
    const { api } = world.connect({ protocol }) as unknown as {
      api: { add(a: number, b: number): Promise<number>; text: { upper(word: string): Promise<string> } };
    };
    expect(await world.until(api.add(1, 2))).toBe(3);
    expect(await world.until(api.text.upper("a"))).toBe("A");
  });
});
