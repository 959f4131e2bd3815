/** What becomes of a generator's items and of its end, whatever the call does meanwhile. */
import { describe, expect, it } from "vitest";
import { GeneratorPump } from "../../src/call/generator-pump.ts";
import type { HandlerScope } from "../../src/call/handler-scope.ts";
import type { AbortReason } from "../../src/session/abort-notice.ts";
import type { IncomingCall } from "../../src/session/incoming-call.ts";

type Items = AsyncGenerator<unknown, unknown, void>;

/** Lets every promise that can settle do so. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function setUp(generator: Items, hasResult = false) {
  const call = { isWanted: true, abortReason: undefined as AbortReason | undefined };
  const written: unknown[] = [];
  const ends: unknown[] = [];
  const sink = {
    write: (item: unknown): Promise<void> | undefined => {
      written.push(item);
      return undefined;
    },
  };
  const pump = new GeneratorPump(
    generator,
    { sink } as unknown as HandlerScope,
    call as IncomingCall,
    hasResult,
    {
      finish: (result) => ends.push(["finished", result]),
      fail: (reason) => ends.push(["failed", reason]),
    },
  );
  pump.next();
  const leave = (reason: AbortReason): void => {
    call.isWanted = false;
    call.abortReason = reason;
  };
  return { written, ends, sink, leave };
}

async function* three(onEnd: () => unknown = () => {}): Items {
  try {
    yield 1;
    yield 2;
    yield 3;
    return "result";
  } finally {
    onEnd();
  }
}

describe("a generator's items", () => {
  it("are written in order, and then it has finished, with what it returns", async () => {
    const { written, ends } = setUp(three(), true);
    await turn();
    expect([written, ends]).toEqual([[1, 2, 3], [["finished", "result"]]]);
  });

  it("are asked for no earlier than the one before was taken", async () => {
    const asked: number[] = [];
    async function* items(): Items {
      for (let at = 1; at <= 2; at++) {
        asked.push(at);
        yield at;
      }
      return undefined;
    }
    let take = (): void => {};
    const world = setUp(items());
    world.sink.write = () =>
      new Promise((resolve) => {
        take = resolve;
      });
    await turn();
    expect(asked).toEqual([1]);
    take();
    await turn();
    expect(asked).toEqual([1, 2]);
    take();
    await turn();
    expect(world.ends).toEqual([["finished", undefined]]);
  });

  it.each(["at once", "later"])("end it when one is refused %s, by that error", async (when) => {
    let hasEnded = false;
    const world = setUp(
      three(() => {
        hasEnded = true;
      }),
    );
    const why = new Error("refused");
    world.sink.write = () => {
      if (when === "at once") throw why;
      return Promise.reject(why);
    };
    await turn();
    expect([world.ends, hasEnded]).toEqual([[["failed", why]], true]);
  });

  it("end it by the error of its own end, when that fails, too", async () => {
    const own = new Error("own");
    const world = setUp(
      three(() => {
        throw own;
      }),
    );
    world.sink.write = () => {
      throw new Error("refused");
    };
    await turn();
    expect(world.ends).toEqual([["failed", own]]);
  });
});

describe("a generator that throws", () => {
  it("fails, also before its first promise", async () => {
    const why = new Error("thrown");
    async function* thrower(): Items {
      yield* [];
      throw why;
    }
    const noGenerator = {
      next: () => {
        throw why;
      },
    } as unknown as Items;
    for (const generator of [thrower(), noGenerator]) {
      const { ends } = setUp(generator);
      await turn();
      expect(ends).toEqual([["failed", why]]);
    }
  });

  it("fails, too, when it answers by what is no answer", async () => {
    const getter = {
      get done(): boolean {
        throw new Error("no answer");
      },
    };
    for (const answer of [undefined, 5, getter]) {
      const { ends } = setUp({ next: async () => answer } as unknown as Items);
      await turn();
      expect(ends).toMatchObject([["failed", expect.any(Error)]]);
    }
  });

  it("is any iterator that answers, by promises or not", async () => {
    const answers = [{ value: 1 }, { value: 2, done: false }, { value: "end", done: true }];
    const { written, ends } = setUp({ next: () => answers.shift() } as unknown as Items);
    await turn();
    expect([written, ends]).toEqual([[1, 2], [["finished", "end"]]]);
  });
});

describe("a generator whose caller", () => {
  it("says stop passes over one item, and is ended at the next: it has no result", async () => {
    let hasEnded = false;
    const world = setUp(
      three(() => {
        hasEnded = true;
      }),
      true,
    );
    world.leave("stop");
    await turn();
    expect([world.written, hasEnded]).toEqual([[], true]);
    expect(world.ends).toMatchObject([["failed", { code: "CANCELLED" }]]);
  });

  it("says stop may see that, and return what it has", async () => {
    async function* counting(): Items {
      yield 1;
      return "seen";
    }
    const world = setUp(counting(), true);
    world.leave("stop");
    await turn();
    expect(world.ends).toEqual([["finished", "seen"]]);
  });

  it("has left is ended at the first item, without an error where no result is due", async () => {
    const asked: number[] = [];
    async function* items(): Items {
      for (let at = 1; ; at++) {
        asked.push(at);
        yield at;
      }
    }
    const world = setUp(items());
    world.leave("disconnected");
    await turn();
    expect([asked, world.written, world.ends]).toEqual([[1], [], [["finished", undefined]]]);
  });
});
