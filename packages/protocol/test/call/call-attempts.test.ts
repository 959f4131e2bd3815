/** Requests and events that fail: which of them are repeated, when, how often, and what is known of them in the end. */
import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { CallAttempts } from "../../src/call/call-attempts.ts";
import { type CallObserver, PromisedEnd } from "../../src/call/call-observer.ts";
import type { CallOpener, CallRoute } from "../../src/call/call-opener.ts";
import type { CompiledProcedure } from "../../src/call/compiled-protocol.ts";
import type { ProtocolDefinition } from "../../src/definition/protocol-definition.ts";
import { SluiceError } from "../../src/errors/sluice-error.ts";
import type { OutgoingCall } from "../../src/session/outgoing-call.ts";
import type { Session } from "../../src/session/session.ts";
import type { Handler } from "./call-pair.ts";
import { RetryRig, type RetryRigOptions, retryRig } from "./retry-rig.ts";
import { expectNoUnhandledRejections } from "./unhandled-rejections.ts";

expectNoUnhandledRejections();

const text = { type: "string" } as const;
const protocol = {
  get: {
    type: "request",
    param: text,
    result: text,
    idempotent: true,
    errors: { BUSY: { retryable: true }, GONE: {} },
  },
  place: { type: "request", param: text, result: text },
  note: { type: "event", data: text },
} as const satisfies ProtocolDefinition;

/** Answers at once, unless its param says that it shall never. */
const answer: Handler = ({ param }) => (param === "never" ? new Promise(() => {}) : `${param as string}!`);

const handlers = { get: answer, place: answer, note: () => {} };

function rigWith(changes: Partial<RetryRigOptions> = {}): Promise<RetryRig> {
  return retryRig({ protocol, handlers, ...changes });
}

/** Handlers that fail with `code`, as often as `times` says, then answer. */
function failing(code: string, times = Number.POSITIVE_INFINITY): Partial<RetryRigOptions> {
  let left = times;
  const fail: Handler = (context) => {
    if (left-- <= 0) return "at last";
    if (code === "BUSY" || code === "GONE") return context.fail(code);
    throw new SluiceError(code, "it fails");
  };
  return { handlers: { ...handlers, get: fail, place: fail } };
}

/** Refuses calls before any handler, as long as `isClosed` says. */
function refusing(isClosed: () => boolean, code = "UNAVAILABLE"): Partial<RetryRigOptions> {
  return {
    guard: () => {
      if (isClosed()) throw new SluiceError(code, "not now");
      return undefined;
    },
  };
}

/** Servers whose handlers never answer, until `lives` is set. */
interface DyingWorld {
  readonly options: Partial<RetryRigOptions>;
  lives: boolean;
}

function dying(): DyingWorld {
  const answerIfAlive: Handler = (context) => (world.lives ? answer(context) : new Promise(() => {}));
  const world: DyingWorld = {
    lives: false,
    options: { handlers: { ...handlers, get: answerIfAlive, place: answerIfAlive } },
  };
  return world;
}

describe("a request whose server dies while it runs", () => {
  it("X9 is repeated at the next one if it is idempotent", async () => {
    const world = dying();
    const rig = await rigWith(world.options);
    const call = rig.caller.request("get", { param: "a" });
    await rig.run();
    await rig.lose();
    world.lives = true;
    await rig.connect();
    expect(await rig.outcome(call)).toBe("pending");
    // Half of 100 ms.
    await rig.advance(49);
    expect(rig.runs).toEqual({ get: 1 });
    await rig.advance(1);
    expect(await rig.outcome(call)).toBe("a!");
    expect(rig.runs).toEqual({ get: 2 });
    expect(await rig.leftovers()).toEqual([]);
  });

  it("X9 fails with `maybe` if it is not, and at once", async () => {
    const world = dying();
    const rig = await rigWith(world.options);
    const call = rig.caller.request("place", { param: "a" });
    await rig.run();
    await rig.lose();
    expect(await rig.outcome(call)).toMatchObject({ code: "UNAVAILABLE", processed: "maybe" });
    await rig.connect();
    await rig.advance(60_000);
    expect(rig.runs).toEqual({ place: 1 });
    expect(await rig.leftovers()).toEqual([]);
  });

  it("fails with `maybe` if nothing is known of the procedure", async () => {
    const rig = await rigWith({ callerProtocol: "unknown", ...dying().options });
    const call = rig.caller.request("get", { param: "a" });
    await rig.run();
    await rig.lose();
    expect(await rig.outcome(call)).toMatchObject({ code: "UNAVAILABLE", processed: "maybe" });
  });

  it("waits for a server as long as it takes, without a timer of its own", async () => {
    const world = dying();
    const rig = await rigWith(world.options);
    const call = rig.caller.request("get", { param: "a" });
    await rig.run();
    await rig.lose();
    await rig.advance(3_600_000);
    expect([rig.waiting, rig.clock.armedTimers]).toEqual([1, 0]);
    world.lives = true;
    await rig.connect();
    expect(await rig.outcome(call)).toBe("a!");
  });

  it("is repeated with the param that was sent, whatever has become of the value", async () => {
    const seen: unknown[] = [];
    const rig = await rigWith({
      protocol: { get: { type: "request", param: true, idempotent: true } },
      handlers: {
        get: ({ param }) => {
          seen.push(param);
          return seen.length > 1 ? undefined : new Promise(() => {});
        },
      },
    });
    const param = { amount: 1 };
    const call = rig.caller.request("get", { param });
    await rig.run();
    param.amount = 1_000;
    await rig.lose();
    await rig.connect();
    await rig.advance(50);
    expect(await rig.outcome(call)).toBeUndefined();
    expect(seen).toEqual([{ amount: 1 }, { amount: 1 }]);
    expect(await rig.leftovers()).toEqual([]);
  });

  it.each(["binary", "structured"] as const)(
    "is repeated with a param that goes in pieces (%s)",
    async (kind) => {
      const world = dying();
      const rig = await rigWith({ ...world.options, kind });
      const param = "long ".repeat(60_000);
      const call = rig.caller.request("get", { param });
      await rig.run();
      expect(rig.runs).toEqual({ get: 1 });
      // Once more before the whole of it has gone.
      await rig.lose();
      await rig.connect();
      await rig.advance(50);
      await rig.lose();
      world.lives = true;
      await rig.connect();
      await rig.advance(100);
      expect(await rig.outcome(call)).toBe(`${param}!`);
      expect(await rig.leftovers()).toEqual([]);
    },
  );
});

describe("a call that the server refuses before any handler", () => {
  it.each(["get", "place"] as const)(
    "`processed: no`: %s is repeated, and runs exactly once",
    async (name) => {
      let isClosed = true;
      const rig = await rigWith(refusing(() => isClosed));
      const call = rig.caller.request(name, { param: "a" });
      await rig.advance(149);
      isClosed = false;
      expect(await rig.outcome(call)).toBe("pending");
      await rig.advance(1);
      expect(await rig.outcome(call)).toBe("a!");
      expect(rig.runs).toEqual({ [name]: 1 });
      expect(await rig.leftovers()).toEqual([]);
    },
  );

  it("`processed: no`: an event is repeated as well", async () => {
    let isClosed = true;
    const rig = await rigWith(refusing(() => isClosed));
    const call = rig.caller.event("note", { data: "a" });
    await rig.run();
    isClosed = false;
    await rig.advance(50);
    expect(await rig.outcome(call)).toBeUndefined();
    expect(rig.runs).toEqual({ note: 1 });
  });

  it("fails in the end, still with `no`: after three repetitions, with pauses that grow", async () => {
    const times: number[] = [];
    const rig = await rigWith(refusing(() => times.push(rig.clock.now()) > 0));
    const call = rig.caller.request("place", { param: "a" });
    await rig.advance(10_000);
    expect(times).toEqual([0, 50, 150, 350]);
    expect(await rig.outcome(call)).toMatchObject({
      code: "UNAVAILABLE",
      processed: "no",
      message: "not now",
    });
    expect(rig.runs).toEqual({});
  });

  it.each([
    "PERMISSION_DENIED",
    "UNAUTHENTICATED",
    "INVALID_ARGUMENT",
    "UNIMPLEMENTED",
    "FAILED_PRECONDITION",
  ])("with %s is not repeated: no repetition can mend that", async (code) => {
    let refused = 0;
    const rig = await rigWith(refusing(() => ++refused > 0, code));
    const call = rig.caller.request("get", { param: "a" });
    expect(await rig.outcome(call)).toMatchObject({ code, processed: "no" });
    expect(refused).toBe(1);
  });
});

describe("a call that never left", () => {
  /** The first call occupies the only slot; those behind it wait in the session. */
  const narrow = { limits: { limits: { maxConcurrentHandlers: 1 } } } as const;

  it("X10 is made at the next server, exactly once, and that is no attempt", async () => {
    const rig = await rigWith({ ...narrow, retry: { attempts: 0 } });
    const first = rig.caller.request("place", { param: "never" });
    const behind = ["a", "b", "c"].map((param) => rig.caller.request("place", { param }));
    await rig.run();
    await rig.lose();
    expect(await rig.outcome(first)).toMatchObject({ processed: "maybe" });
    await rig.connect();
    expect(await rig.outcome(Promise.all(behind))).toEqual(["a!", "b!", "c!"]);
    expect(rig.runs).toEqual({ place: 4 });
    expect(await rig.leftovers()).toEqual([]);
  });

  it("X10 waits on, through server after server, and takes nothing from the budget", async () => {
    const rig = await rigWith({
      ...narrow,
      retry: { attempts: 0, budget: { burst: 0, ratio: 0, perSecond: 0 } },
    });
    // Each server is kept busy by the first that it gets.
    const busy = Array.from({ length: 5 }, () => rig.caller.request("place", { param: "never" }));
    const behind = rig.caller.request("place", { param: "a" });
    await rig.run();
    for (const call of busy) {
      expect(await rig.outcome(behind)).toBe("pending");
      await rig.lose();
      expect(await rig.outcome(call)).toMatchObject({ processed: "maybe" });
      await rig.connect();
    }
    expect(rig.runs).toEqual({ place: 6 });
    expect(await rig.outcome(behind)).toBe("a!");
  });

  it("fails at once without retry, with `no`", async () => {
    const rig = await rigWith({ ...narrow, retry: false });
    const first = rig.caller.request("place", { param: "never" });
    const behind = rig.caller.request("place", { param: "a" });
    await rig.run();
    await rig.lose();
    expect(await rig.outcome(first)).toMatchObject({ processed: "maybe" });
    expect(await rig.outcome(behind)).toMatchObject({ code: "UNAVAILABLE", processed: "no" });
  });

  it("counts as refused when the same session turns it away again", async () => {
    const rig = await rigWith();
    void rig.far?.drain(30_000);
    await rig.run();
    const call = rig.caller.request("place", { param: "a" });
    await rig.advance(349);
    expect(await rig.outcome(call)).toBe("pending");
    await rig.advance(1);
    expect(await rig.outcome(call)).toMatchObject({ code: "UNAVAILABLE", processed: "no" });
  });

  it("is not repeated for a bound of its own side: a queue that is full", async () => {
    const rig = await rigWith({ limits: { limits: { maxConcurrentHandlers: 1, maxQueue: 1 } } });
    const calls = ["never", "waits", "too many"].map((param) => rig.caller.request("get", { param }));
    expect(await rig.outcome(calls[2] as Promise<unknown>)).toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      origin: "local",
    });
    await rig.lose();
    rig.retries.close(new SluiceError("CANCELLED", "over"));
    await Promise.allSettled(calls);
  });
});

describe("a call whose handler fails", () => {
  it.each(["UNAVAILABLE", "ABORTED", "RESOURCE_EXHAUSTED", "BUSY"])(
    "with %s is repeated if it is idempotent",
    async (code) => {
      const rig = await rigWith(failing(code, 2));
      const call = rig.caller.request("get", { param: "a" });
      await rig.advance(150);
      expect(await rig.outcome(call)).toBe("at last");
      expect(rig.runs).toEqual({ get: 3 });
    },
  );

  it.each(["UNAVAILABLE", "ABORTED"])("with %s is not repeated if it is not", async (code) => {
    const rig = await rigWith(failing(code));
    const call = rig.caller.request("place", { param: "a" });
    expect(await rig.outcome(call)).toMatchObject({ code, processed: "maybe" });
    await rig.advance(10_000);
    expect(rig.runs).toEqual({ place: 1 });
  });

  it.each(["NOT_FOUND", "INTERNAL", "DATA_LOSS", "GONE"])(
    "with %s is not repeated either way",
    async (code) => {
      const rig = await rigWith(failing(code));
      expect(await rig.outcome(rig.caller.request("get", { param: "a" }))).toMatchObject({ code });
      expect(rig.runs).toEqual({ get: 1 });
    },
  );

  it("fails with what the last attempt said", async () => {
    const rig = await rigWith(failing("BUSY"));
    const call = rig.caller.request("get", { param: "a" });
    await rig.advance(350);
    expect(await rig.outcome(call)).toMatchObject({ code: "BUSY", retryable: true, processed: "maybe" });
    expect(rig.runs).toEqual({ get: 4 });
    expect(await rig.leftovers()).toEqual([]);
  });

  it("says `maybe` in the end if one attempt may have run, also when the last one did not", async () => {
    let isClosed = false;
    const rig = await rigWith({ ...failing("UNAVAILABLE"), ...refusing(() => isClosed) });
    const call = rig.caller.request("get", { param: "a" });
    await rig.run();
    isClosed = true;
    await rig.advance(350);
    const error = (await rig.outcome(call)) as SluiceError;
    expect(error.toJSON()).toEqual({
      code: "UNAVAILABLE",
      message: "not now",
      retryable: true,
      processed: "maybe",
      origin: "remote",
    });
    expect(rig.runs).toEqual({ get: 1 });
  });
});

describe("the option retry", () => {
  it("`false` repeats nothing, unless a call asks for it", async () => {
    const rig = await rigWith({ ...failing("BUSY", 2), retry: false });
    expect(await rig.outcome(rig.caller.request("get", { param: "a" }))).toMatchObject({ code: "BUSY" });
    const call = rig.caller.request("get", { param: "a", retry: { initial: 10 } });
    await rig.advance(5);
    expect(await rig.outcome(call)).toBe("at last");
  });

  it("of a call overrides what it names", async () => {
    const rig = await rigWith({ ...failing("BUSY"), retry: { initial: 10, attempts: 2 } });
    const none = rig.caller.request("get", { param: "a", retry: false });
    expect(await rig.outcome(none)).toMatchObject({ code: "BUSY" });
    expect(rig.runs.get).toBe(1);
    const once = rig.caller.request("get", { param: "a", retry: { attempts: 1 } });
    await rig.advance(4);
    expect(await rig.outcome(once)).toBe("pending");
    await rig.advance(1);
    expect(await rig.outcome(once)).toMatchObject({ code: "BUSY" });
    expect(rig.runs.get).toBe(3);
  });

  it("of a call is refused if it makes no sense, before anything is sent", async () => {
    const rig = await rigWith();
    const call = rig.caller.request("get", { param: "a", retry: { attempts: -1 } });
    expect(await rig.outcome(call)).toMatchObject({
      code: "INVALID_ARGUMENT",
      processed: "no",
      message: expect.stringContaining("attempts -1"),
    });
    const stream = rig.caller.items("get", "stream", { retry: { factor: 0 } });
    expect(await rig.outcome(stream.result)).toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("passes middleware once for all attempts", async () => {
    const rig = await rigWith(failing("BUSY", 2));
    const seen: unknown[] = [];
    rig.caller.use(async (call, next) => {
      seen.push(call.procedure);
      const result = await next({ param: "changed", metadata: { trace: "t" } });
      seen.push(result);
      return result;
    });
    const call = rig.caller.request("get", { param: "a" });
    await rig.advance(150);
    expect(await rig.outcome(call)).toBe("at last");
    expect(seen).toEqual(["get", "at last"]);
    expect(rig.runs).toEqual({ get: 3 });
  });
});

describe("the time of a call", () => {
  it("is for all attempts together: each has what is left", async () => {
    const deadlines: (number | undefined)[] = [];
    const rig = await rigWith({
      handlers: {
        ...handlers,
        get: ({ deadline }) => {
          deadlines.push(deadline);
          throw new SluiceError("ABORTED", "again");
        },
      },
    });
    const call = rig.caller.request("get", { param: "a", timeout: 1_000 });
    await rig.advance(350);
    expect(await rig.outcome(call)).toMatchObject({ code: "ABORTED" });
    expect(deadlines).toEqual([1_000, 950, 850, 650]);
    expect(await rig.leftovers()).toEqual([]);
  });

  it("ends it before a pause that would last longer, with the error that is there", async () => {
    const rig = await rigWith(failing("ABORTED"));
    const call = rig.caller.request("get", { param: "a", timeout: 150 });
    await rig.advance(50);
    // The second pause were 100 ms, and 100 ms are left.
    expect(await rig.outcome(call)).toMatchObject({ code: "ABORTED", processed: "maybe" });
    expect(rig.runs).toEqual({ get: 2 });
  });

  it("ends it while it waits for a server, saying what it waited for", async () => {
    const rig = await rigWith(dying().options);
    const call = rig.caller.request("get", { param: "a", timeout: 1_000 });
    await rig.advance(300);
    await rig.lose();
    await rig.advance(699);
    expect(await rig.outcome(call)).toBe("pending");
    await rig.advance(1);
    const error = (await rig.outcome(call)) as SluiceError;
    expect(error).toMatchObject({ code: "DEADLINE_EXCEEDED", processed: "maybe" });
    expect(error.message).toMatch(
      /^get did not end within 1000 ms, and was to be repeated after: The link to/,
    );
    await rig.connect();
    expect(rig.runs).toEqual({ get: 1 });
    expect(await rig.leftovers()).toEqual([]);
  });

  it("ends a call that never left with `no`", async () => {
    const rig = await rigWith({ limits: { limits: { maxConcurrentHandlers: 1 } } });
    void rig.caller.request("place", { param: "never" }).catch(() => {});
    const call = rig.caller.request("place", { param: "a", timeout: 1_000 });
    await rig.lose();
    await rig.advance(1_000);
    expect(await rig.outcome(call)).toMatchObject({ code: "DEADLINE_EXCEEDED", processed: "no" });
  });
});

describe("a call that waits to be repeated", () => {
  /** One that waits, in its pause or (`late`) for a server. */
  async function waiting(
    when: "pause" | "late",
    signal?: AbortSignal,
    changes: Partial<RetryRigOptions> = {},
  ): Promise<{ rig: RetryRig; call: Promise<unknown> }> {
    const rig = await rigWith({ ...dying().options, ...changes });
    const call = rig.caller.request("get", { param: "a", signal });
    await rig.run();
    await rig.lose();
    if (when === "late") await rig.advance(50);
    expect(await rig.outcome(call)).toBe("pending");
    return { rig, call };
  }

  it.each(["pause", "late"] as const)("is cancelled by its signal at once (%s)", async (when) => {
    const controller = new AbortController();
    const { rig, call } = await waiting(when, controller.signal);
    controller.abort("enough");
    expect([rig.clock.armedTimers, rig.retries.waiting]).toEqual([0, 0]);
    expect(await rig.outcome(call)).toMatchObject({
      code: "CANCELLED",
      message: "The call was cancelled: enough",
      processed: "maybe",
    });
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    await rig.connect();
    await rig.advance(10_000);
    expect(rig.runs).toEqual({ get: 1 });
    expect(await rig.leftovers()).toEqual([]);
  });

  it("does not begin to wait when its signal was aborted just before", async () => {
    const rig = await rigWith(dying().options);
    const controller = new AbortController();
    // Told first, it takes the server away.
    controller.signal.addEventListener("abort", () => rig.cut());
    const call = rig.caller.request("get", { param: "a", signal: controller.signal });
    await rig.run();
    controller.abort();
    expect(await rig.outcome(call)).toMatchObject({ code: "UNAVAILABLE", processed: "maybe" });
    await rig.connect();
    expect(await rig.leftovers()).toEqual([]);
  });

  it.each(["pause", "late"] as const)("ends when no call is repeated any more (%s)", async (when) => {
    const { rig, call } = await waiting(when);
    rig.retries.close(new SluiceError("CANCELLED", "The client was disposed", { processed: "no" }));
    expect(await rig.outcome(call)).toMatchObject({
      code: "CANCELLED",
      message: "The client was disposed",
      processed: "maybe",
    });
    await rig.connect();
    const next = rig.caller.request("get", { param: "b" });
    await rig.lose();
    expect(await rig.outcome(next)).toMatchObject({ code: "UNAVAILABLE" });
    expect(await rig.leftovers()).toEqual([]);
  });

  it("is not made at the next server either, when it never left", async () => {
    const rig = await rigWith({ limits: { limits: { maxConcurrentHandlers: 1 } } });
    const calls = ["never", "a"].map((param) => rig.caller.request("place", { param }));
    rig.retries.close(new SluiceError("CANCELLED", "over"));
    await rig.lose();
    expect(await rig.outcome(calls[0] as Promise<unknown>)).toMatchObject({ processed: "maybe" });
    expect(await rig.outcome(calls[1] as Promise<unknown>)).toMatchObject({
      code: "UNAVAILABLE",
      processed: "no",
    });
  });

  it("fails with what ends the connection for good", async () => {
    const { rig, call } = await waiting("late");
    rig.giveUp(new SluiceError("UNAUTHENTICATED", "Who are you?", { processed: "no", origin: "remote" }));
    expect(await rig.outcome(call)).toMatchObject({
      code: "UNAUTHENTICATED",
      message: "Who are you?",
      processed: "maybe",
      origin: "remote",
    });
    expect(await rig.leftovers()).toEqual([]);
  });

  it("holds on to no signal afterwards", async () => {
    const controller = new AbortController();
    const world = dying();
    const { rig, call } = await waiting("late", controller.signal, world.options);
    world.lives = true;
    await rig.connect();
    expect(await rig.outcome(call)).toBe("a!");
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });
});

describe("failFast", () => {
  it("fails a call for which there is no server after its pause, with what had failed", async () => {
    const rig = await rigWith({ ...dying().options, defaults: { failFast: true } });
    const call = rig.caller.request("get", { param: "a" });
    await rig.run();
    await rig.lose();
    expect(await rig.outcome(call)).toBe("pending");
    await rig.advance(50);
    expect(await rig.outcome(call)).toMatchObject({ code: "UNAVAILABLE", processed: "maybe" });
    expect(rig.waiting).toBe(0);
  });

  it("repeats it if there is one", async () => {
    const rig = await rigWith({ ...failing("ABORTED", 1) });
    const call = rig.caller.request("get", { param: "a", failFast: true });
    await rig.advance(50);
    expect(await rig.outcome(call)).toBe("at last");
  });

  it("is not repeated where there was none to begin with", async () => {
    const rig = new RetryRig({ protocol, handlers });
    const call = rig.caller.request("get", { param: "a", failFast: true });
    expect(await rig.outcome(call)).toMatchObject({ code: "UNAVAILABLE", processed: "no" });
    expect([rig.waiting, rig.clock.armedTimers]).toEqual([0, 0]);
  });
});

describe("the budget of a client", () => {
  it("stops a storm: while everything fails, attempts stay below burst + ratio × calls + perSecond × seconds", async () => {
    const budget = { burst: 20, ratio: 0.1, perSecond: 5 };
    const rig = await rigWith({ ...failing("UNAVAILABLE"), retry: { budget, attempts: 10 } });
    const calls: Promise<unknown>[] = [];
    for (let second = 0; second < 20; second++) {
      for (let call = 0; call < 50; call++) calls.push(rig.caller.request("get", { param: "a" }));
      await rig.advance(1_000);
    }
    await rig.advance(120_000);
    const outcomes = await rig.outcome(Promise.allSettled(calls));
    expect(outcomes).toHaveLength(1_000);
    const repeated = (rig.runs.get ?? 0) - 1_000;
    // The last calls are repeated for a while after the twentieth second.
    expect(repeated).toBeGreaterThan(20 + 0.1 * 1_000 + 5 * 15);
    expect(repeated).toBeLessThanOrEqual(20 + 0.1 * 1_000 + 5 * 60);
  });

  it("that is used up fails calls at once, as if they were not repeated", async () => {
    const budget = { burst: 3, ratio: 0, perSecond: 0 };
    const rig = await rigWith({ ...failing("ABORTED"), retry: { budget } });
    const calls = [1, 2].map(() => rig.caller.request("get", { param: "a" }));
    await rig.run();
    const late = rig.caller.request("get", { param: "a" });
    await rig.advance(50);
    await rig.advance(150);
    for (const call of [...calls, late]) expect(await rig.outcome(call)).toMatchObject({ code: "ABORTED" });
    expect(rig.runs).toEqual({ get: 6 });
  });

  it("covers a restart under load: all calls that one session runs at once", async () => {
    const world = dying();
    const rig = await rigWith(world.options);
    const calls = Array.from({ length: 256 }, (_, n) => rig.caller.request("get", { param: String(n) }));
    await rig.run();
    expect(rig.runs).toEqual({ get: 256 });
    await rig.lose();
    world.lives = true;
    await rig.connect();
    await rig.advance(50);
    expect(await rig.outcome(Promise.all(calls))).toEqual(calls.map((_, n) => `${n}!`));
  });

  it("can be left out", async () => {
    const rig = await rigWith({ ...failing("ABORTED"), retry: { budget: false, attempts: 500, factor: 1 } });
    const call = rig.caller.request("get", { param: "a" });
    await rig.advance(500 * 50);
    expect(await rig.outcome(call)).toMatchObject({ code: "ABORTED" });
    expect(rig.runs).toEqual({ get: 501 });
  });
});

describe("an attempt that fails while it is opened", () => {
  /** A caller's terms whose opener does, attempt by attempt, what a test says. */
  function scripted(...attempts: ((attempt: CallObserver) => void)[]): {
    start(observer: CallObserver): void;
    rig: RetryRig;
  } {
    const rig = new RetryRig({ protocol, handlers });
    const session = { encoding: { kind: "structured" } } as Session;
    const route = {
      session,
      waitForSession: async () => session,
      procedures: () => ({ find: () => undefined }),
    };
    const opener = {
      route: route as unknown as CallRoute,
      open: (...call: unknown[]) => attempts.shift()?.(call[6] as CallObserver),
    } as unknown as CallOpener;
    const { retries, clock } = rig;
    return {
      rig,
      start(observer) {
        const terms = { opener, clock, retries, failFast: false };
        const policy = retries.policyOf({ attempts: 1 });
        new CallAttempts(terms, policy, "place", "request", {}, "a", undefined, 0, observer).start(undefined);
      },
    };
  }

  const refused = new SluiceError("UNAVAILABLE", "it drains", { processed: "no" });
  const dead = { state: "ended", request: { param: {} } } as unknown as OutgoingCall;
  const procedure = {} as CompiledProcedure;

  it("never left, whatever had become of the one before", async () => {
    const end = new PromisedEnd();
    const { start, rig } = scripted(
      (attempt) => {
        attempt.opened(dead, procedure);
        attempt.rejected(refused); // by the peer: that is the one attempt
      },
      (attempt) => attempt.rejected(refused), // here: that is none
      (attempt) => attempt.resolved("made"),
    );
    start(end);
    await rig.advance(50);
    expect(await rig.outcome(end.promise)).toBe("made");
  });

  it("shows its user no call", async () => {
    const opened: OutgoingCall[] = [];
    const end = new PromisedEnd();
    end.opened = (...[call]: OutgoingCall[]) => void (call && opened.push(call));
    const { start, rig } = scripted(
      (attempt) => {
        attempt.rejected(refused);
        attempt.opened(dead, procedure);
      },
      (attempt) => attempt.resolved("made"),
    );
    start(end);
    await rig.advance(0);
    expect(await rig.outcome(end.promise)).toBe("made");
    expect(opened).toEqual([]);
  });
});
