/** Runs the call suite over links, one case after the other, and says what became of each. */
import { callCases } from "./call-cases.ts";
import type { WireKind } from "./wires.ts";
import { World } from "./world.ts";

/** A case that ran: `problem` is absent if it holds. */
export interface CaseOutcome {
  readonly name: string;
  readonly problem?: string;
}

/** Which cases there are, for the page of runtimes. */
export function describeCases(): { readonly name: string; readonly shows: string }[] {
  return callCases.map(({ name, shows }) => ({ name, shows }));
}

/** A case that takes longer has failed. */
const longestMs = 20_000;

/** The outcomes of every case, by the names of the links. */
export async function runCalls(kinds: readonly WireKind[]): Promise<Record<string, CaseOutcome[]>> {
  const outcomes: Record<string, CaseOutcome[]> = {};
  for (const kind of kinds) {
    const ofKind: CaseOutcome[] = [];
    for (const { name, run } of callCases) {
      const problem = await problemOf(async () => {
        const world = new World(await kind.open());
        try {
          await run(world);
        } finally {
          await world.dispose();
        }
      });
      ofKind.push(problem === undefined ? { name } : { name, problem });
    }
    outcomes[kind.name] = ofKind;
  }
  return outcomes;
}

/** What `body` fails with, as a text; `undefined` if it does not. */
export async function problemOf(body: () => Promise<void>): Promise<string | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`is not over after ${longestMs / 1_000} s`)), longestMs);
  });
  try {
    await Promise.race([body(), late]);
    return undefined;
  } catch (reason) {
    return reason instanceof Error ? (reason.stack ?? String(reason)) : String(reason);
  } finally {
    clearTimeout(timer);
  }
}
