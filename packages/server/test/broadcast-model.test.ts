/** A hub against a model that keeps plain lists: any subscribers, any order of publishing, taking, leaving and closing. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Broadcast, broadcast, type Overflow, type Subscription } from "../src/index.ts";

const policies = ["block", "drop-oldest", "latest", "error"] as const;
const maxWaiting = 3;

/** What one call of `next()` has brought; `undefined` as long as it waits. */
type Outcome = number | "done" | "overflow" | "closed" | undefined;

/** What a subscriber must see, by the words of the documentation. */
class ModelSubscriber {
  readonly overflow: Overflow;
  readonly size: number;
  readonly outcomes: Outcome[] = [];
  buffered: number[] = [];
  dropped = 0;
  /** Whether it still gets what is published. */
  isIn = true;
  /** What the iteration ends with, after what is buffered. */
  end: Outcome = "done";

  constructor(overflow: Overflow, size: number) {
    this.overflow = overflow;
    this.size = overflow === "latest" ? 1 : size;
  }

  /** Whether `item` does not fit its size. */
  holdsUp(item: number): boolean {
    return this.isIn && this.overflow === "block" && this.buffered.indexOf(item) >= this.size;
  }

  give(item: number): void {
    const waiting = this.outcomes.indexOf(undefined);
    if (waiting >= 0) {
      this.outcomes[waiting] = item;
      return;
    }
    if (this.overflow === "error" && this.buffered.length === this.size) {
      this.dropped++;
      this.stop("overflow");
      return;
    }
    this.buffered.push(item);
    if (this.overflow === "block") return;
    this.dropped += Math.max(0, this.buffered.length - this.size);
    this.buffered = this.buffered.slice(-this.size);
  }

  take(): void {
    const item = this.buffered.shift();
    if (item !== undefined) this.outcomes.push(item);
    else if (this.isIn) this.outcomes.push(undefined);
    else this.outcomes.push(this.takeEnd());
  }

  stop(end: Outcome): void {
    if (!this.isIn) return;
    this.isIn = false;
    this.end = end;
    for (const [at, outcome] of this.outcomes.entries()) {
      if (outcome === undefined) this.outcomes[at] = this.takeEnd();
    }
  }

  leave(): void {
    this.stop("done");
    this.buffered = [];
    this.end = "done";
  }

  takeEnd(): Outcome {
    const { end } = this;
    this.end = "done";
    return end;
  }
}

class ModelHub {
  readonly subscribers: ModelSubscriber[] = [];
  /** Items whose publishers wait. */
  waiting: number[] = [];
  /** What it was closed with. */
  end: Outcome;

  get isClosed(): boolean {
    return this.end !== undefined;
  }

  join(overflow: Overflow, size: number): void {
    const subscriber = new ModelSubscriber(overflow, size);
    if (this.isClosed) subscriber.stop(this.end);
    this.subscribers.push(subscriber);
  }

  /** Whether `item` is taken. */
  publish(item: number): boolean {
    if (this.isClosed || this.waiting.length === maxWaiting) return false;
    for (const subscriber of this.subscribers) if (subscriber.isIn) subscriber.give(item);
    this.waiting.push(item);
    return true;
  }

  close(end: Outcome): void {
    if (this.isClosed) return;
    this.end = end;
    for (const subscriber of this.subscribers) subscriber.stop(end);
  }

  /** Who need not wait any more goes on. */
  settle(): void {
    this.waiting = this.waiting.filter((item) => this.subscribers.some((one) => one.holdsUp(item)));
  }
}

class RealSubscriber {
  readonly subscription: Subscription<number>;
  readonly controller = new AbortController();
  readonly outcomes: Outcome[] = [];

  constructor(hub: Broadcast<number>, overflow: Overflow, size: number) {
    this.subscription = hub.subscribe({ overflow, size, signal: this.controller.signal });
  }

  take(): void {
    const at = this.outcomes.push(undefined) - 1;
    this.subscription.next().then(
      ({ done, value }) => {
        this.outcomes[at] = done === true ? "done" : value;
      },
      ({ code }) => {
        this.outcomes[at] = code === "RESOURCE_EXHAUSTED" ? "overflow" : "closed";
      },
    );
  }
}

const who = fc.nat(7);
const step = fc.oneof(
  {
    weight: 30,
    arbitrary: fc.record({
      do: fc.constant("join"),
      overflow: fc.constantFrom(...policies),
      size: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 80, arbitrary: fc.record({ do: fc.constant("publish") }) },
  { weight: 90, arbitrary: fc.record({ do: fc.constant("take"), who }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constant("return"), who }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constant("abort"), who }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("close"), fails: fc.boolean() }) },
) as fc.Arbitrary<Step>;

interface Step {
  readonly do: "join" | "publish" | "take" | "return" | "abort" | "close";
  readonly who?: number;
  readonly overflow?: Overflow;
  readonly size?: number;
  readonly fails?: boolean;
}

test("a hub does what its model does", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 10, maxLength: 80 }),
      fc.boolean(),
      async (steps, pauses) => {
        const hub = broadcast<number>({ overflow: "block", maxWaiting });
        const model = new ModelHub();
        const real: RealSubscriber[] = [];
        const waiting = new Set<number>();
        for (const [
          item,
          { do: what, who: whose = 0, overflow = "block", size = 1, fails },
        ] of steps.entries()) {
          const at = whose % Math.max(1, real.length);
          const [subscriber, modelled] = [real[at], model.subscribers[at]];
          if (what === "join" && real.length < 8) {
            real.push(new RealSubscriber(hub, overflow, size));
            model.join(overflow, size);
          } else if (what === "publish") {
            waiting.add(item);
            const published = hub.publish(item).then(
              () => true,
              () => false,
            );
            void published.then(() => waiting.delete(item));
            if (!model.publish(item)) expect(await published).toBe(false);
          } else if (what === "take") {
            subscriber?.take();
            modelled?.take();
          } else if (what === "return" || what === "abort") {
            if (what === "return") await subscriber?.subscription.return();
            else subscriber?.controller.abort();
            modelled?.leave();
          } else if (what === "close") {
            hub.close(fails ? new Error("closed") : undefined);
            model.close(fails ? "closed" : "done");
          }
          model.settle();
          // Half of the runs let promises settle only at the end: what is seen must not depend on that.
          if (pauses) await compare(hub, model, real, waiting);
        }
        await compare(hub, model, real, waiting);
      },
    ),
    { numRuns: 400 },
  );
});

async function compare(
  hub: Broadcast<number>,
  model: ModelHub,
  real: readonly RealSubscriber[],
  waiting: ReadonlySet<number>,
): Promise<void> {
  for (let round = 0; round < 5; round++) await undefined;
  expect([...waiting]).toEqual(model.waiting);
  expect(hub.subscribers).toBe(model.subscribers.filter(({ isIn }) => isIn).length);
  for (const [at, { subscription, outcomes }] of real.entries()) {
    const modelled = model.subscribers[at];
    expect([subscription.buffered, subscription.dropped]).toEqual([
      modelled?.buffered.length,
      modelled?.dropped,
    ]);
    expect(outcomes).toEqual(modelled?.outcomes);
  }
}
