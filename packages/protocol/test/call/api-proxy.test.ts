/** The functions of a protocol: which call they make, and which of their arguments are its param, its data, its options. */
import { toStandardJsonSchema } from "@valibot/to-json-schema";
import { type } from "arktype";
import * as v from "valibot";
import { beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { makeApi } from "../../src/call/api-proxy.ts";
import type { CallHandle } from "../../src/call/call-handle.ts";
import type { AnyCallOptions } from "../../src/call/call-opener.ts";
import { Caller } from "../../src/call/caller.ts";
import { silentLogger } from "../../src/call/silent-logger.ts";
import type { Api } from "../../src/definition/call-types.ts";
import type { ProtocolDefinition } from "../../src/definition/protocol-definition.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";

type Made = [kind: string, name: string, options: AnyCallOptions | undefined];

const defaults = { timeout: undefined, idleTimeout: undefined, failFast: false };
const route = {
  session: undefined,
  waitForSession: () => expect.unreachable(),
  procedures: () => expect.unreachable(),
};

/** Writes down the calls that it is asked for, and makes none. */
class RecordingCaller extends Caller {
  readonly made: Made[] = [];

  constructor() {
    super(route, defaults, new FakeClock(), silentLogger);
  }

  override async request(name: string, options?: AnyCallOptions): Promise<unknown> {
    this.made.push(["request", name, options]);
    return undefined;
  }

  override async event(name: string, options?: AnyCallOptions): Promise<void> {
    this.made.push(["event", name, options]);
  }

  override items(name: string, kind: "stream" | "channel", options?: AnyCallOptions): CallHandle {
    this.made.push([kind, name, options]);
    return super.items("recorded", kind, { failFast: true });
  }
}

const number = { type: "number" } as const;
const two = { type: "array", prefixItems: [number, number] } as const;

const protocol = {
  one: { type: "request", param: true },
  none: { type: "request" },
  told: { type: "event", data: number },
  "tuple/byItems": { type: "request", param: { ...two, minItems: 2, items: false } },
  "tuple/byMaxItems": { type: "request", param: { ...two, minItems: 2, maxItems: 2 } },
  "tuple/byBoth": { type: "request", param: { ...two, minItems: 2, items: number, maxItems: 2 } },
  "tuple/ofSome": { type: "request", param: { ...two, minItems: 1, items: false } },
  "tuple/ofNoType": { type: "request", param: { prefixItems: [number, number], minItems: 2, maxItems: 2 } },
  "tuple/ofZod": { type: "request", param: z.tuple([z.number(), z.number()]) },
  "tuple/ofValibot": {
    type: "request",
    param: toStandardJsonSchema(v.strictTuple([v.number(), v.number()])),
  },
  "tuple/ofArktype": { type: "request", param: type(["number", "number"]) },
  "endless/anything": { type: "request", param: { ...two, minItems: 2 } },
  "endless/numbers": { type: "request", param: { ...two, minItems: 2, items: number } },
  "endless/untilFive": { type: "request", param: { ...two, minItems: 2, maxItems: 5 } },
  ticks: { type: "stream", param: { ...two, minItems: 2, maxItems: 2 }, receive: number },
  chat: { type: "channel", param: { ...two, minItems: 2, maxItems: 2 }, send: number },
} as const satisfies ProtocolDefinition;

let caller: RecordingCaller;
let api: Api<typeof protocol>;

beforeEach(() => {
  caller = new RecordingCaller();
  // What makes it knows its type.
  api = makeApi(caller, protocol) as Api<typeof protocol>;
});

const options = { timeout: 5, metadata: { a: "b" } };

test("a function takes the param, or the data of an event, and then options", () => {
  void api.one({ timeout: 1 }, options);
  void api.one([1, 2]);
  void api.none();
  void api.none(undefined, options);
  void api.told(1, options);
  expect(caller.made).toEqual([
    ["request", "one", { ...options, param: { timeout: 1 } }],
    ["request", "one", { param: [1, 2] }],
    ["request", "none", { param: undefined }],
    ["request", "none", { ...options, param: undefined }],
    ["event", "told", { ...options, data: 1 }],
  ]);
});

describe("of a tuple with an end", () => {
  test.each(["byItems", "byMaxItems", "byBoth", "ofNoType", "ofZod", "ofValibot", "ofArktype"] as const)(
    "(%s) options come behind the last element",
    (name) => {
      void api.tuple[name](1, 2);
      void api.tuple[name](1, 2, options);
      expect(caller.made).toEqual([
        ["request", `tuple/${name}`, { param: [1, 2] }],
        ["request", `tuple/${name}`, { ...options, param: [1, 2] }],
      ]);
    },
  );

  test("options of a stream and of a channel do so, too", () => {
    const send = (async function* () {
      yield 1;
    })();
    void api.ticks(1, 2, options);
    void api.chat(1, 2, { ...options, send });
    expect(caller.made).toEqual([
      ["stream", "ticks", { ...options, param: [1, 2] }],
      ["channel", "chat", { ...options, send, param: [1, 2] }],
    ]);
  });

  test("elements that are left out are no elements, also where options follow", () => {
    void api.tuple.ofSome(1);
    void api.tuple.ofSome(1, undefined);
    void api.tuple.ofSome(1, undefined, options);
    void api.tuple.ofSome(1, 2, options);
    expect(caller.made.map(([, , made]) => made)).toStrictEqual([
      { param: [1] },
      { param: [1] },
      { ...options, param: [1] },
      { ...options, param: [1, 2] },
    ]);
  });
});

test.each(["anything", "untilFive"] as const)(
  "of a tuple without an end (%s) all arguments are elements, whatever they look like",
  (name) => {
    void api.endless[name](1, 2, options);
    expect(caller.made).toEqual([["request", `endless/${name}`, { param: [1, 2, options] }]]);
  },
);

test("of a tuple that goes on with numbers all arguments are elements", () => {
  void api.endless.numbers(1, 2, 3, 4);
  expect(caller.made).toEqual([["request", "endless/numbers", { param: [1, 2, 3, 4] }]]);
});
