/**
 * A program for `node --disallow-code-generation-from-strings`: what `ajv()` and `auto(ajv(), closures())` do then, as JSON.
 */
import { auto, closures } from "@sluice/protocol";
import { ajv } from "../src/ajv.ts";

const schema = {
  type: "object",
  properties: { a: { type: "integer" } },
  additionalProperties: false,
} as const;

function nameOfThrown(run: () => unknown): string {
  try {
    run();
    return "nothing";
  } catch (error) {
    return error instanceof Error ? error.name : typeof error;
  }
}

const thrownByAjv = nameOfThrown(() => ajv().compile(schema));
const validate = auto(ajv(), closures()).compile(schema);
console.log(
  JSON.stringify({ thrownByAjv, valid: validate({ a: 1 }) ?? "valid", issue: validate({ a: "x" }) }),
);
