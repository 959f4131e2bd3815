/** The random schemas and values of the suite as arbitraries, so that fast-check shrinks the numbers that they are made of. */
import fc from "fast-check";
import type { JsonSchema } from "../../src/definition/json-schema.ts";
import { Dice } from "../../src/testing/dice.ts";
import {
  isUsable,
  type RandomSchemaOptions,
  randomSchema,
} from "../../src/testing/validator/random-schema.ts";
import { valueFor as makeValueFor, randomValue } from "../../src/testing/validator/random-value.ts";

export { isUsable };

/** Schemas that pass `checkSchema`. */
export function anySchema(options: RandomSchemaOptions): fc.Arbitrary<JsonSchema> {
  return fc
    .array(fc.nat(1_000_000), { minLength: 100, maxLength: 400 })
    .map((numbers) => randomSchema(new Dice(numbers), options))
    .filter(isUsable);
}

/** Any value that a codec may give. */
export const anyValue: fc.Arbitrary<unknown> = fc
  .array(fc.nat(1_000_000), { minLength: 8, maxLength: 60 })
  .map((numbers) => randomValue(new Dice(numbers)));

/** Numbers from which {@link valueFor} makes its choices. */
export const choices: fc.Arbitrary<number[]> = fc.array(fc.nat(1_000), { minLength: 8, maxLength: 40 });

/** A value that looks as `root` wants it, with a mistake now and then. */
export function valueFor(root: JsonSchema, numbers: readonly number[]): unknown {
  return makeValueFor(root, new Dice(numbers));
}
