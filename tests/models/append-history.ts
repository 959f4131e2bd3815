/**
 * Appends to a log by a client that repeats what it may, while links break and servers drain, die and start anew; in an order that a seed
 * decides. The log outlives the servers, as a database would.
 */
import { SluiceError } from "@sluice/protocol";
import { type Append, historyFaults } from "./check-history.ts";
import { filled } from "./model-flow.ts";
import { ScheduledWorld } from "./scheduled-world.ts";

/** How many appends ended in each way, and how many were there twice. */
export interface HistoryCounts {
  ok: number;
  no: number;
  maybe: number;
  repeated: number;
  links: number;
}

export const noCounts = (): HistoryCounts => ({ ok: 0, no: 0, maybe: 0, repeated: 0, links: 0 });

const appends = 10;

/** @throws what is no error as callers shall get it: one of the codes `mayFail`, and what is known of the call */
function verdictOf(reason: unknown, mayFail: readonly unknown[]): "no" | "maybe" {
  if (!SluiceError.is(reason)) throw reason;
  const { code, processed } = reason;
  if (!mayFail.includes(code) || (processed !== "no" && processed !== "maybe")) {
    throw new Error(`An append failed with ${code}, processed ${processed}`, { cause: reason });
  }
  return processed;
}

/** One history. Rejects with its seed. */
export async function playHistory(seed: number, counts: HistoryCounts): Promise<void> {
  const log: number[] = [];
  const history: Append[] = [];
  const world: ScheduledWorld = new ScheduledWorld(
    seed,
    (process) => {
      const append = async ({ param }: { readonly param: string }): Promise<string> => {
        await soon(8);
        // A process that was killed does nothing more.
        if (!process.isGone) log.push(Number(param.split(":")[0]));
        await soon(8);
        return "appended";
      };
      const unused = (): never => {
        throw new Error("nobody calls it");
      };
      return { ask: append, again: append, count: unused, talk: unused, collect: unused } as never;
    },
    // Few attempts, so that also the last one may be refused when one before it may have run.
    { retry: { initial: 1, max: 10, jitter: "none", attempts: 2 + (seed % 3), budget: false } },
  );
  const { schedule, client, net } = world;
  const { dice } = schedule;
  const soon = (most: number): Promise<void> => schedule.turns(dice.below(most));

  /** A server has gone away, or begun to. Links that break lose nothing. */
  let hasLost = false;

  async function append(value: number): Promise<void> {
    await soon(100);
    const isIdempotent = dice.oneIn(2);
    const timeout = dice.oneIn(3) ? 1 + dice.below(30) : undefined;
    const cancel = new AbortController();
    const options = {
      param: filled(value, dice.below(200)),
      signal: cancel.signal,
      ...(timeout && { timeout }),
    };
    const made = isIdempotent ? client.request("again", options) : client.request("ask", options);
    const isGivenUp = dice.oneIn(8);
    if (isGivenUp) void soon(60).then(() => cancel.abort());
    let verdict: Append["verdict"] = "ok";
    try {
      await made;
    } catch (reason) {
      verdict = verdictOf(reason, [
        isGivenUp && "CANCELLED",
        timeout && "DEADLINE_EXCEEDED",
        hasLost && "UNAVAILABLE",
      ]);
    }
    history.push({ value, isIdempotent, verdict });
    counts[verdict]++;
  }

  async function disturb(): Promise<void> {
    const acts = [
      () => net.cut(),
      () => net.cut(),
      () => {
        hasLost = true;
        world.restart();
      },
      () => {
        hasLost = true;
        world.drain(dice.pick([0, 5, 60_000]));
      },
    ];
    await Promise.all(
      dice.list(1, 6, async () => {
        const act = dice.pick(acts);
        await soon(160);
        act();
      }),
    );
  }

  try {
    const values = Array.from({ length: appends }, (_, value) => value);
    await schedule.until(Promise.all([...values.map(append), disturb()]));
    await world.end();
    const faults = historyFaults(history, log);
    if (faults.length > 0) throw new Error(faults.join("; "));
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`history of seed ${seed}: ${message}`, { cause });
  }
  counts.repeated += log.length - new Set(log).size;
  counts.links += net.links;
}
