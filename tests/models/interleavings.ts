/**
 * Calls on which everything comes at once: each set of what may happen to a call, in random orders of all that reads, writes and fires.
 */

import { expect } from "vitest";
import { countEnd, judgeCall, type Outcomes } from "./judge-call.ts";
import { HandlerRun, ModelCall, type ModelKind } from "./model-calls.ts";
import type { Process } from "./scheduled-world.ts";
import { ScheduledWorld } from "./scheduled-world.ts";

export const happenings = ["cancel", "end", "deadline", "drain", "resume"] as const;
export type Happening = (typeof happenings)[number];

/** Every set of them. */
export const grid: readonly (readonly Happening[])[] = Array.from(
  { length: 2 ** happenings.length },
  (_, set) => happenings.filter((_one, at) => (set >> at) & 1),
);

/** What was seen in all schedules of a set. */
export class SetCounts {
  runs = 0;
  steps = 0;
  servers = 0;
  /** Links that were made, and those of them that were cut. */
  links = 0;
  cut = 0;
  /** Calls whose handlers saw that their callers had said: nothing follows. */
  ended = 0;
  readonly outcomes: Outcomes = new Map();
}

/** Fails unless all that is in `set` has come to pass in its schedules, and nothing else. */
export function checkSet(set: readonly Happening[], counts: SetCounts): void {
  const { runs, servers, links, cut, ended, outcomes } = counts;
  const happened: Record<Happening, boolean> = {
    cancel: outcomes.has("CANCELLED"),
    end: ended > 0,
    deadline: outcomes.has("DEADLINE_EXCEEDED"),
    drain: servers > runs,
    resume: cut > 0 && links > runs,
  };
  const seen = happenings.filter((one) => happened[one]);
  expect(seen, `after ${runs} schedules`).toEqual(set);
  // Each schedule has two calls.
  const least = Math.floor(runs * (set.includes("deadline") ? 0.25 : 0.5));
  expect(outcomes.get("OK") ?? 0, `calls with OK in ${runs} schedules of ${set.join(", ")}`).toBeGreaterThan(
    least,
  );
}

interface Scope {
  readonly param: string;
  readonly signal: AbortSignal;
  readonly readable?: AsyncIterable<string>;
  readonly writable?: WritableStream<string>;
}

/** One schedule, counted in `counts`. Rejects with its seed. */
export async function interleave(set: readonly Happening[], seed: number, counts: SetCounts): Promise<void> {
  const about = `seed ${seed} of ${set.join(", ") || "nothing"}`;
  const happens = (one: Happening): boolean => set.includes(one);
  const calls: ModelCall[] = [];
  const actors: Promise<void>[] = [];
  const world = new ScheduledWorld(seed, (process) => {
    const handle = (scope: Scope): Promise<string> => handler(process, scope);
    return { ask: handle, again: handle, count: handle, talk: handle, collect: handle } as never;
  });
  const { schedule, client } = world;
  const { dice } = schedule;
  const soon = (most: number): Promise<void> => schedule.turns(dice.below(most));

  function handler(process: Process, scope: Scope): Promise<string> {
    const { param, readable, writable } = scope;
    const call = calls[Number(param.split(":")[0])] as ModelCall;
    if (param !== call.param) call.faults.push(`its handler got ${param.slice(0, 20)}`);
    const run = new HandlerRun(call, process.number, scope, call.receives ? writable : undefined);
    call.runs.push(run);
    if (call.sends && readable !== undefined) {
      call.up.from(() => readable[Symbol.asyncIterator]() as AsyncIterator<string, unknown>);
    }
    actors.push(serve(call, run));
    return run.result;
  }

  async function serve(call: ModelCall, run: HandlerRun): Promise<void> {
    const count = dice.below(4);
    call.up.take(Number.POSITIVE_INFINITY);
    for (let item = 0; item < count && run.canWrite; item++) {
      await soon(6);
      call.down.write(1 + dice.below(3_000), (one) => run.write(one));
      await schedule.when(() => !call.down.isWriting);
    }
    // Waits for all that is sent to it, or for what its caller or the clock does; or gives up at the same moment as everybody else.
    const waitsForEnd = call.sends && happens("end") && !dice.oneIn(4);
    if (waitsForEnd) await schedule.when(() => call.up.readerEnd !== undefined);
    else if (call.timeout !== undefined && dice.oneIn(3)) await schedule.when(() => run.signal.aborted);
    else if (call === leaves && dice.oneIn(2)) await schedule.when(() => run.signal.aborted || isQuiet);
    else await soon(20);
    if (dice.oneIn(8)) {
      call.hasThrown = true;
      run.throws();
    } else run.returns();
  }

  /** When the first server cuts off what it runs, since it drains. */
  let cutOffMs: number | undefined;
  /** Nobody disturbs any more. */
  let isQuiet = false;

  async function use(call: ModelCall): Promise<void> {
    await soon(10);
    call.open(client);
    call.down.take(Number.POSITIVE_INFINITY);
    const count = call.sends ? dice.below(4) : 0;
    for (let item = 0; item < count && call.end === undefined; item++) {
      await soon(6);
      call.write(1 + dice.below(3_000));
      await schedule.when(() => !call.up.isWriting);
    }
    if (!happens("end")) return;
    await soon(12);
    call.close();
  }

  async function disturb(): Promise<void> {
    const acts: Promise<void>[] = [];
    const later = async (most: number, act: () => void): Promise<void> => {
      await soon(most);
      act();
    };
    if (leaves !== undefined) acts.push(later(40, () => (dice.oneIn(3) ? leaves.stop() : leaves.cancel())));
    const drain = (): void => {
      const timeout = dice.oneIn(2) ? 5 : 60_000;
      cutOffMs = world.clock.now() + timeout;
      world.drain(timeout);
    };
    if (happens("drain")) acts.push(later(60, drain));
    if (happens("resume"))
      for (let cut = 0; cut <= dice.below(3); cut++) acts.push(later(90, () => world.net.cut()));
    await Promise.all(acts);
    isQuiet = true;
  }

  for (let number = 0; number < 2; number++) {
    const kind = dice.pick<ModelKind>(["ask", "count", "talk", "talk", "collect"]);
    const timeout = happens("deadline") && dice.oneIn(3) ? 1 + dice.below(40) : undefined;
    const call = new ModelCall(number, kind, dice.below(1_500), timeout, world.clock);
    // A server that goes away takes nothing new, and ends what it has not finished in time.
    call.onEnd = () => {
      const isRefused = cutOffMs !== undefined && call.run === undefined;
      const isLate = cutOffMs !== undefined && world.clock.now() >= cutOffMs;
      if (isRefused || (isLate && call.run?.server === 1)) call.mayFail.add("UNAVAILABLE");
      // Its server has heard of it before it went away, or its client knew that there is no use in telling it.
      call.mustSayNo = isRefused && world.net.cutLinks === 0 && !isLate;
    };
    calls.push(call);
  }
  /** Whose caller cancels or stops it. */
  const leaves = happens("cancel") ? dice.pick(calls) : undefined;
  try {
    const all = Promise.all([...calls.map(use), disturb()]);
    await schedule.until(all);
    const haveEnded = async (): Promise<void> => {
      const isOver = ({ end, receives, down }: ModelCall): boolean =>
        end !== undefined && (!receives || down.readerEnd !== undefined);
      await schedule.when(() => calls.every(isOver));
      await Promise.all(actors);
    };
    await schedule.until(haveEnded());
    for (const call of calls) {
      judgeCall(call, about);
      countEnd(counts.outcomes, call);
      if (call.up.hasEnd && call.runs.some(({ hasReadAll }) => hasReadAll)) counts.ended++;
    }
    counts.links += world.net.links;
    counts.cut += world.net.cutLinks;
    counts.servers += world.process.number;
    await world.end();
  } catch (cause) {
    throw new Error(`${about}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  counts.runs++;
  counts.steps += schedule.steps;
}
