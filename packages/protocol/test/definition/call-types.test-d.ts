/** Calls by name and through the proxy: names, params, items, results, options. */
import { describe, expectTypeOf, test } from "vitest";
import type {
  Api,
  Call,
  CallOptions,
  CallStats,
  ChannelCall,
  StreamCall,
  TypedCalls,
} from "../../src/definition/call-types.ts";
import type { HandlersOf, StreamHandler } from "../../src/definition/handler-types.ts";
import type { ProtocolDefinition } from "../../src/definition/protocol-definition.ts";
import type { Service } from "../../src/definition/service.ts";
import type { Client } from "./declared-peers.ts";
import type { Shop, shop } from "./shop.ts";

declare const client: Client<Shop>;
declare const source: AsyncIterable<Uint8Array> & ReadableStream<Uint8Array>;

/** A request whose param is a pair of numbers, or more, as `Rest` says. */
interface Pair<Rest> {
  readonly type: "request";
  readonly param: Rest & {
    readonly prefixItems: readonly [{ readonly type: "number" }, { readonly type: "number" }];
  };
  readonly result: true;
}

describe("request", () => {
  test("gives a promise of the result", () => {
    expectTypeOf(client.request("orders/place", { param: { item: "pen" } })).toEqualTypeOf<
      Promise<{ id: string }>
    >();
    expectTypeOf(client.request("math/add", { param: [1, 2] })).toEqualTypeOf<Promise<number>>();
    expectTypeOf(client.request("cart/clear")).toEqualTypeOf<Promise<void>>();
  });

  test("takes options, which may be left out only with the param", () => {
    const { signal } = new AbortController();
    client.request("orders/place", {
      param: { item: "pen", count: 2 },
      signal,
      timeout: 5_000,
      failFast: true,
    });
    client.request("orders", { timeout: 5_000, idleTimeout: 100, metadata: { trace: "1" } });
    client.request("orders", {});
    client.request("orders", { param: undefined, signal: undefined });
    // @ts-expect-error the param is missing
    client.request("orders/place");
    // @ts-expect-error the param is missing
    client.request("orders/place", { timeout: 5_000 });
    // @ts-expect-error there is none
    client.request("orders", { param: {} });
    // @ts-expect-error no such option
    client.request("orders", { timout: 5_000 });
    // @ts-expect-error metadata is text
    client.request("orders", { metadata: { trace: 1 } });
  });

  test("refuses wrong names and params", () => {
    // @ts-expect-error misspelt
    client.request("orders/plaec", { param: { item: "pen" } });
    // @ts-expect-error a stream
    client.request("orders/watch", { param: {} });
    // @ts-expect-error item is missing
    client.request("orders/place", { param: { count: 1 } });
    // @ts-expect-error count is a number
    client.request("orders/place", { param: { item: "pen", count: "1" } });
    // @ts-expect-error misspelt
    client.request("orders/place", { param: { item: "pen", cuont: 1 } });
    // @ts-expect-error one element too few
    client.request("math/add", { param: [1] });
  });

  test("completes names for an editor: they are a union of literals", () => {
    expectTypeOf(client.request<"orders">)
      .parameter(0)
      .toEqualTypeOf<"orders">();
    expectTypeOf(client.event<"page/left">)
      .parameter(0)
      .toEqualTypeOf<"page/left">();
  });
});

describe("stream", () => {
  test("gives items and a result", async () => {
    const watch = client.stream("orders/watch", { param: { status: "open" } });
    type Item = { kind: "placed"; seq: number; id: string } | { kind: "sent"; seq: number };
    expectTypeOf(watch).toEqualTypeOf<StreamCall<Item, { seen: number }>>();
    for await (const item of watch) expectTypeOf(item).toEqualTypeOf<Item>();
    for await (const item of watch.readable) expectTypeOf(item).toEqualTypeOf<Item>();
    expectTypeOf(watch.readable.getReader()).toEqualTypeOf<ReadableStreamDefaultReader<Item>>();
    expectTypeOf(await watch).toEqualTypeOf<{ seen: number }>();
    expectTypeOf(watch.result).toEqualTypeOf<Promise<{ seen: number }>>();
    expectTypeOf(watch.drain()).toEqualTypeOf<Promise<{ seen: number }>>();
    // @ts-expect-error a stream sends nothing
    watch.send;
    // @ts-expect-error a stream sends nothing
    watch.writable;
  });

  test("needs its param even if every member is optional: nothing is filled in", () => {
    client.stream("orders/watch", { param: {} });
    // @ts-expect-error the param is missing
    client.stream("orders/watch");
    expectTypeOf(client.stream("prices/ticks")).toEqualTypeOf<StreamCall<number, void>>();
    expectTypeOf(client.stream("cart/any")).toEqualTypeOf<StreamCall<unknown, unknown>>();
  });
});

describe("channel", () => {
  test("sends, receives and gives a result", async () => {
    const chat = client.channel("support/chat", { param: "help" });
    expectTypeOf(chat).toEqualTypeOf<ChannelCall<{ text: string }, "typing" | "read", null>>();
    expectTypeOf(chat.writable.getWriter()).toEqualTypeOf<WritableStreamDefaultWriter<{ text: string }>>();
    expectTypeOf(chat.send({ text: "hello" })).toEqualTypeOf<Promise<void>>();
    for await (const item of chat) expectTypeOf(item).toEqualTypeOf<"typing" | "read">();
    // @ts-expect-error misspelt
    chat.send({ txt: "hello" });
    // @ts-expect-error no item
    chat.send();
    // @ts-expect-error no text
    chat.writable.getWriter().write({ text: 1 });
  });

  test("takes what it sends from an iterable or a stream", () => {
    const upload = client.channel("files/upload", { param: { name: "a" }, send: source });
    expectTypeOf(upload).toEqualTypeOf<ChannelCall<Uint8Array, never, number>>();
    async function* chunks() {
      yield new Uint8Array(1);
    }
    client.channel("files/upload", { param: { name: "a" }, send: chunks() });
    client.channel("files/upload", { param: { name: "a" }, send: new ReadableStream<Uint8Array>() });
    // @ts-expect-error texts
    client.channel("files/upload", { param: { name: "a" }, send: new ReadableStream<string>() });
    // @ts-expect-error the param is missing
    client.channel("files/upload", { send: source });
  });

  test("sends nothing where the procedure takes nothing", () => {
    const download = client.channel("files/download", { param: "a" });
    expectTypeOf(download.send).parameter(0).toEqualTypeOf<never>();
    expectTypeOf(download.readable.getReader().read()).resolves.toExtend<{
      value?: Uint8Array | undefined;
    }>();
  });
});

describe("event", () => {
  test("takes data", () => {
    expectTypeOf(client.event("page/seen", { data: { url: "/" } })).toEqualTypeOf<Promise<void>>();
    client.event("page/left");
    client.event("page/left", { metadata: {} });
    // @ts-expect-error data is missing
    client.event("page/seen");
    // @ts-expect-error misspelt
    client.event("page/seen", { data: { ulr: "/" } });
    // @ts-expect-error an event has data
    client.event("page/seen", { param: { url: "/" } });
  });
});

describe("a call", () => {
  test("has every member of the page on the API", () => {
    type Any = Call<1, 2, 3>;
    expectTypeOf<keyof Any>().toEqualTypeOf<
      | "id"
      | "readable"
      | "writable"
      | "send"
      | "close"
      | "abort"
      | "drain"
      | "signal"
      | "result"
      | "then"
      | "stats"
      | typeof Symbol.asyncIterator
      | typeof Symbol.asyncDispose
    >();
    expectTypeOf<Any["id"]>().toEqualTypeOf<string>();
    expectTypeOf<Any["signal"]>().toEqualTypeOf<AbortSignal>();
    expectTypeOf<Any["close"]>().toEqualTypeOf<() => Promise<void>>();
    expectTypeOf<Any["abort"]>().toEqualTypeOf<(reason?: unknown) => void>();
    expectTypeOf<Any["stats"]>().toEqualTypeOf<CallStats>();
    expectTypeOf<keyof CallStats>().toEqualTypeOf<"credit" | "buffered" | "received" | "sent">();
    expectTypeOf<Any>().toExtend<StreamCall<2, 3>>();
    expectTypeOf<Any>().toExtend<AsyncDisposable & AsyncIterable<2> & PromiseLike<3>>();
  });
});

describe("a generator that delegates to a call", () => {
  test("yields its items, and gets nothing at its end: the result is awaited", () => {
    async function* ticks() {
      const end = yield* client.stream("prices/ticks");
      expectTypeOf(end).toEqualTypeOf<undefined>();
      return end;
    }
    expectTypeOf(ticks()).toEqualTypeOf<AsyncGenerator<number, undefined, unknown>>();
    async function* chat() {
      const call = client.channel("support/chat", { param: "help" });
      expectTypeOf(yield* call).toEqualTypeOf<undefined>();
      return await call;
    }
    expectTypeOf(chat()).toEqualTypeOf<AsyncGenerator<"typing" | "read", null, unknown>>();
  });

  test("may be sent anything by next(), which nobody hears", () => {
    type Sent<Next> = () => AsyncGenerator<number, void, Next>;
    const ticks = client.stream("prices/ticks");
    const anything: Sent<unknown> = async function* () {
      yield* ticks;
    };
    const nothing: Sent<void> = async function* () {
      yield* ticks;
    };
    const texts: Sent<string> = async function* () {
      yield* ticks;
    };
    void [anything, nothing, texts];
  });

  test("is a handler", () => {
    const relay: StreamHandler<Shop, "prices/ticks"> = async function* () {
      yield* client.stream("prices/ticks");
    };
    const relays: Pick<HandlersOf<Shop>, "prices/ticks" | "support/chat"> = {
      async *"prices/ticks"() {
        yield* client.stream("prices/ticks");
      },
      async *"support/chat"() {
        const call = client.channel("support/chat", { param: "help" });
        yield* call;
        return await call;
      },
    };
    void [relay, relays];
  });
});

describe("calls of a protocol that is known at run time only", () => {
  test("take any name and any value", () => {
    const calls = {} as TypedCalls<ProtocolDefinition>;
    expectTypeOf(calls.request("x")).toEqualTypeOf<Promise<unknown>>();
    expectTypeOf(calls.stream("x", { param: 1 })).toEqualTypeOf<StreamCall<unknown, unknown>>();
    expectTypeOf(calls.channel("x", { param: 1, send: source })).toEqualTypeOf<
      ChannelCall<unknown, unknown, unknown>
    >();
    expectTypeOf(calls.event("x", { data: 1 })).toEqualTypeOf<Promise<void>>();
  });
});

describe("the proxy", () => {
  const { api } = client;

  test("splits names, and a name that is also a beginning works", () => {
    expectTypeOf(api.orders()).toEqualTypeOf<Promise<string[]>>();
    expectTypeOf(api.orders.place({ item: "pen" })).toEqualTypeOf<Promise<{ id: string }>>();
    expectTypeOf(api.orders.watch({})).toEqualTypeOf<
      StreamCall<
        { kind: "placed"; seq: number; id: string } | { kind: "sent"; seq: number },
        { seen: number }
      >
    >();
    expectTypeOf<keyof typeof api>().toEqualTypeOf<
      "orders" | "prices" | "support" | "files" | "math" | "cart" | "page"
    >();
    expectTypeOf<keyof typeof api.cart>().toEqualTypeOf<"clear" | "any">();
  });

  test("has nothing else", () => {
    // @ts-expect-error no such group
    api.shop;
    // @ts-expect-error no such procedure
    api.orders.cancel;
    // @ts-expect-error a group is no function
    api.math();
    // @ts-expect-error nothing below
    api.cart.clear.now;
  });

  test("takes the param, then options", () => {
    api.orders.place({ item: "pen" }, { timeout: 5_000 });
    api.cart.clear();
    api.cart.clear(undefined, { timeout: 5_000 });
    api.support.chat("help", { idleTimeout: 1_000 }).send({ text: "hello" });
    api.files.upload({ name: "a" }, { send: source });
    // @ts-expect-error the param is missing
    api.orders.place();
    // @ts-expect-error misspelt
    api.orders.place({ itme: "pen" });
    // @ts-expect-error no such option
    api.orders.place({ item: "pen" }, { timout: 1 });
    // @ts-expect-error only a channel sends
    api.orders.place({ item: "pen" }, { send: source });
  });

  test("takes the elements of a tuple one by one, then options", () => {
    expectTypeOf(api.math.add(1, 2)).toEqualTypeOf<Promise<number>>();
    api.math.add(1, 2, { timeout: 5_000 });
    // @ts-expect-error one too few
    api.math.add(1);
    // @ts-expect-error not as an array
    api.math.add([1, 2]);
    // @ts-expect-error text
    api.math.add(1, "2");
  });

  test("takes a tuple without end, without options", () => {
    expectTypeOf(api.math.sum("a", 1, 2, 3)).toEqualTypeOf<Promise<number>>();
    api.math.sum("a");
    // @ts-expect-error no options: where would the numbers end
    api.math.sum("a", 1, { timeout: 5_000 });
  });

  test("takes data of an event", () => {
    expectTypeOf(api.page.seen({ url: "/" })).toEqualTypeOf<Promise<void>>();
    expectTypeOf(api.page.left()).toEqualTypeOf<Promise<void>>();
    // @ts-expect-error data is missing
    api.page.seen();
  });

  test("of tuples says which elements may be left out", () => {
    type Tuple<Least extends number> = {
      readonly type: "array";
      readonly prefixItems: readonly [{ readonly type: "number" }, { readonly type: "string" }];
      readonly minItems: Least;
      readonly items: false;
    };
    interface Protocol {
      readonly one: { readonly type: "request"; readonly param: Tuple<1>; readonly result: true };
      readonly none: { readonly type: "request"; readonly param: Tuple<0>; readonly result: true };
    }
    const tuples = {} as Api<Protocol>;
    void tuples.one(1);
    void tuples.one(1, "a", { timeout: 5_000 });
    void tuples.none();
    // @ts-expect-error the first is missing
    void tuples.one();
  });

  test("takes options after a tuple that `maxItems` ends, as after one that `items` ends", () => {
    interface Protocol {
      readonly max: Pair<{ readonly type: "array"; readonly minItems: 2; readonly maxItems: 2 }>;
      readonly both: Pair<{
        readonly type: "array";
        readonly minItems: 2;
        readonly maxItems: 2;
        readonly items: { readonly type: "number" };
      }>;
      readonly longer: Pair<{ readonly type: "array"; readonly minItems: 2; readonly maxItems: 3 }>;
    }
    const tuples = {} as Api<Protocol>;
    type TwoAndOptions = [first: number, second: number, options?: CallOptions];
    expectTypeOf(tuples.max).parameters.toEqualTypeOf<TwoAndOptions>();
    expectTypeOf(tuples.both).parameters.toEqualTypeOf<TwoAndOptions>();
    void tuples.max(1, 2, { timeout: 5_000 });
    // @ts-expect-error options are no third number
    void tuples.max(1, 2, 3);
    // The third may be anything, also what looks like options.
    expectTypeOf(tuples.longer).parameters.toEqualTypeOf<[number, number, ...unknown[]]>();
  });

  test("takes options after elements that are left out", () => {
    interface Protocol {
      readonly some: Pair<{ readonly type: "array"; readonly minItems: 1; readonly items: false }>;
    }
    const tuples = {} as Api<Protocol>;
    void tuples.some(1, undefined, { timeout: 5_000 });
    // @ts-expect-error options have their place, after all elements
    void tuples.some(1, { timeout: 5_000 });
  });

  test("takes elements where a schema with prefixItems allows other values, too", () => {
    interface Protocol {
      readonly untyped: Pair<{ readonly minItems: 2; readonly items: false }>;
      readonly nullable: Pair<{
        readonly type: readonly ["array", "null"];
        readonly minItems: 2;
        readonly items: false;
      }>;
    }
    const tuples = {} as Api<Protocol>;
    void tuples.untyped(1, 2, { timeout: 5_000 });
    void tuples.nullable(1, 2, { timeout: 5_000 });
    // @ts-expect-error as an element it would not fit, and there is no other place
    void tuples.nullable(null);
    // @ts-expect-error text
    void tuples.untyped("1", 2);
  });

  test("of an array that is no tuple takes it as one argument", () => {
    interface Protocol {
      readonly sum: {
        readonly type: "request";
        readonly param: { readonly type: "array"; readonly items: { readonly type: "number" } };
      };
    }
    const arrays = {} as Api<Protocol>;
    void arrays.sum([1, 2]);
    // @ts-expect-error one argument
    void arrays.sum(1, 2);
  });

  test("has names at several levels, also those of one another", () => {
    interface Protocol {
      readonly a: { readonly type: "request"; readonly result: { readonly const: 1 } };
      readonly "a/b": { readonly type: "request"; readonly result: { readonly const: 2 } };
      readonly "a/b/c": { readonly type: "request"; readonly result: { readonly const: 3 } };
      readonly "a/bc/d": { readonly type: "request"; readonly result: { readonly const: 4 } };
      readonly "ab/c": { readonly type: "request"; readonly result: { readonly const: 5 } };
    }
    const deep = {} as Api<Protocol>;
    expectTypeOf(deep.a()).toEqualTypeOf<Promise<1>>();
    expectTypeOf(deep.a.b()).toEqualTypeOf<Promise<2>>();
    expectTypeOf(deep.a.b.c()).toEqualTypeOf<Promise<3>>();
    expectTypeOf(deep.a.bc.d()).toEqualTypeOf<Promise<4>>();
    expectTypeOf(deep.ab.c()).toEqualTypeOf<Promise<5>>();
    expectTypeOf<keyof typeof deep>().toEqualTypeOf<"a" | "ab">();
    // @ts-expect-error only c below
    deep.a.b.d;
  });

  test("comes from a protocol or a service", () => {
    expectTypeOf(client.service({} as typeof shop).math.add(1, 2)).toEqualTypeOf<Promise<number>>();
    expectTypeOf(client.service({} as Service<typeof shop>)).toEqualTypeOf<Api<typeof shop>>();
  });

  test("of a protocol that is known at run time only takes anything", () => {
    const untyped = {} as Api<ProtocolDefinition>;
    const list = untyped.tasks?.list;
    if (list === undefined) return;
    expectTypeOf(list(1, 2)).toEqualTypeOf<Promise<unknown> | StreamCall<unknown, unknown>>();
  });
});
