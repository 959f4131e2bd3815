/** Compares both engines on random values of random schemas, from a seed: the same issues for each value, or an error. */
import { inspect, isDeepStrictEqual } from "node:util";
import { closures, type JsonSchema } from "@sluice/protocol";
import { Dice, isUsable, randomSchema, randomValue, valueFor } from "@sluice/protocol/testing";
import { ajv } from "../src/ajv-validator.ts";

/** Which schemas: of all keywords alike; or dense ones with unevaluated keywords and names, numbers and texts at the edges. */
export type FuzzKind = "any" | "edges";

export interface FuzzTally {
  readonly schemas: number;
  /** Those that `checkSchema` refuses, on which nothing was run. */
  readonly refusedSchemas: number;
  readonly values: number;
  readonly valid: number;
}

const valuesPerSchema = 50;

/** A seed for a run that nobody asked to repeat. To repeat one, set `SLUICE_FUZZ_SEED`. */
export function fuzzSeed(): number {
  return Number(process.env.SLUICE_FUZZ_SEED ?? Date.now() % 2 ** 31);
}

/**
 * Runs at least `values` values through both engines, read strictly and tolerantly.
 * @throws {Error} for the first value about which they differ, with what is needed to see it again
 */
export function fuzzEngines(kind: FuzzKind, seed: number, values: number): FuzzTally {
  const tally = { schemas: 0, refusedSchemas: 0, values: 0, valid: 0 };
  const edges = kind === "edges";
  for (let at = seed; tally.values < values; at++) {
    const dice = Dice.seeded(at);
    const schema = randomSchema(dice, { unevaluated: edges && dice.oneIn(4), edges });
    if (!isUsable(schema)) {
      tally.refusedSchemas++;
      continue;
    }
    tally.schemas++;
    for (const tolerant of [false, true]) compare(schema, { tolerant, edges, seed: at }, dice, tally);
  }
  return tally;
}

interface Round {
  readonly tolerant: boolean;
  readonly edges: boolean;
  readonly seed: number;
}

function compare(
  schema: JsonSchema,
  { tolerant, edges, seed }: Round,
  dice: Dice,
  tally: { values: number; valid: number },
): void {
  const [fast, safe] = [ajv(), closures()].map((engine) => engine.compile(schema, { tolerant }));
  for (let i = 0; i < valuesPerSchema / 2; i++) {
    const value = i % 4 === 3 ? randomValue(dice, { edges }) : valueFor(schema, dice, { edges });
    const [issue, expected] = [fast?.(value), safe?.(value)];
    if (!isDeepStrictEqual(issue, expected)) {
      const seen = inspect({ seed, tolerant, schema, value, ajv: issue, closures: expected }, { depth: 30 });
      throw new Error(`The engines differ: ${seen}`);
    }
    tally.values++;
    if (issue === undefined) tally.valid++;
  }
}
