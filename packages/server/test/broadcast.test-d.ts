/** Subscriptions in handlers: what they give, and that a generator can pass them on. */
import type { ProtocolDefinition } from "@sluice/protocol";
import { describe, expectTypeOf, test } from "vitest";
import {
  type Broadcast,
  broadcast,
  type Overflow,
  Server,
  type StreamHandler,
  type Subscription,
} from "../src/index.ts";

const protocol = {
  ticks: { type: "stream", receive: { type: "number" } },
  counted: { type: "stream", receive: { type: "number" }, result: { type: "string" } },
} as const satisfies ProtocolDefinition;

describe("broadcast", () => {
  test("is typed by its items", async () => {
    const hub = broadcast<number>({ overflow: "latest" });
    expectTypeOf(hub).toEqualTypeOf<Broadcast<number>>();
    expectTypeOf(hub.publish).parameters.toEqualTypeOf<[item: number]>();
    expectTypeOf(hub.publish(1)).toEqualTypeOf<Promise<void>>();
    const subscription = hub.subscribe();
    expectTypeOf(subscription).toEqualTypeOf<Subscription<number>>();
    expectTypeOf(subscription).toExtend<
      AsyncIterableIterator<number, undefined, unknown> & AsyncDisposable
    >();
    for await (const item of subscription) expectTypeOf(item).toEqualTypeOf<number>();
    expectTypeOf(await subscription.next()).toEqualTypeOf<IteratorResult<number, undefined>>();
    // @ts-expect-error items are numbers
    void hub.publish("1");
  });

  test("needs a policy, of a closed set", () => {
    expectTypeOf<Overflow>().toEqualTypeOf<"block" | "drop-oldest" | "latest" | "error">();
    // @ts-expect-error what happens to slow subscribers has to be said
    broadcast<number>({ size: 3 });
    // @ts-expect-error no such policy
    broadcast<number>({ overflow: "drop-newest" });
    broadcast<number>({ overflow: "error" }).subscribe({
      overflow: undefined,
      size: undefined,
      signal: undefined,
    });
  });

  test("is returned by a handler, or passed on by one that adds a result", () => {
    const hub = broadcast<number>({ overflow: "latest" });
    const texts = broadcast<string>({ overflow: "latest" });
    const ticks: StreamHandler<typeof protocol, "ticks"> = async function* ({ signal }) {
      yield* hub.subscribe({ signal });
    };
    new Server({
      protocol,
      handlers: {
        ticks,
        async *counted({ signal }) {
          yield* hub.subscribe({ signal });
          return "done";
        },
      },
    });
    new Server({
      protocol,
      handlers: {
        ticks: ({ signal }) => hub.subscribe({ signal }),
        counted: () => "none",
      },
    });
    const named: StreamHandler<typeof protocol, "ticks"> = () => hub.subscribe();
    void named;
    // @ts-expect-error items of another type
    const wrongItems: StreamHandler<typeof protocol, "ticks"> = () => texts.subscribe();
    void wrongItems;
    // @ts-expect-error a subscription has no result
    const noResult: StreamHandler<typeof protocol, "counted"> = () => hub.subscribe();
    void noResult;
    class Ticks {
      async *ticks(): AsyncGenerator<number, void, void> {
        yield* hub.subscribe();
      }
      async *counted(): AsyncGenerator<number, string> {
        yield* hub.subscribe();
        return "done";
      }
    }
    void Ticks;
    // @ts-expect-error items of another type
    const wrong: StreamHandler<typeof protocol, "ticks"> = async function* () {
      yield* texts.subscribe();
    };
    void wrong;
  });
});
