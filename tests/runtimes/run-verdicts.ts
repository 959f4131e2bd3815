/** What validation engines say in this runtime, as texts that are compared with what they say on Node. */
import type { Validator } from "@sluice/protocol";
import { type MakeValidator, validatorSuite } from "@sluice/protocol/testing";
import { randomVerdicts, tableVerdicts } from "./verdict-table.ts";

export interface Verdicts {
  /** What each engine says of every value, by its name here. */
  readonly engines: Record<string, readonly string[]>;
  /** How many tests of `validatorSuite()` the first engine passes, and which it fails. */
  readonly passed: number;
  readonly failed: readonly string[];
  /** What was written to the console meanwhile. */
  readonly printed: readonly string[];
}

const consoleMethods = ["log", "info", "warn", "error", "debug"] as const;

/** Asks all engines; the suite runs on the first one. */
export async function runVerdicts(makers: Readonly<Record<string, MakeValidator>>): Promise<Verdicts> {
  const printed: string[] = [];
  const before = consoleMethods.map((method) => [method, console[method]] as const);
  for (const method of consoleMethods) console[method] = (...words) => void printed.push(words.join(" "));
  try {
    const engines = Object.fromEntries(
      Object.entries(makers).map(([name, make]) => [name, verdictsOf(make())]),
    );
    const [first] = Object.values(makers);
    return { engines, ...(await suiteCounts(first)), printed };
  } finally {
    for (const [method, own] of before) console[method] = own;
  }
}

function verdictsOf(engine: Validator): string[] {
  return [...tableVerdicts(engine), ...randomVerdicts(engine)];
}

async function suiteCounts(make: MakeValidator | undefined): Promise<Pick<Verdicts, "passed" | "failed">> {
  if (make === undefined) throw new TypeError("runVerdicts needs an engine");
  const tests: { readonly title: string; readonly body: () => Promise<void> }[] = [];
  const it = (title: string, body: () => Promise<void>): void => void tests.push({ title, body });
  const skip = (title: string): void => {
    throw new Error(`${title} is skipped`);
  };
  validatorSuite("engine", make, {
    test: { describe: (_, body) => body(), it: Object.assign(it, { skip }) },
  });
  const failed: string[] = [];
  for (const { title, body } of tests) {
    await body().catch((reason: unknown) => failed.push(`${title}: ${String(reason)}`));
  }
  return { passed: tests.length - failed.length, failed };
}
