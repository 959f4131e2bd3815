/** A program for a small heap: does with each hostile schema what defining a protocol does, and prints what came of it as JSON. */
import { binaryPaths } from "../../src/schema/binary-paths.ts";
import { isBounded } from "../../src/schema/bounded.ts";
import { checkSchema } from "../../src/schema/check-schema.ts";
import { closures } from "../../src/schema/closure-validator.ts";
import { hostileSchemas } from "./hostile-schemas.ts";

const outcomes = hostileSchemas.map(({ what, make }) => {
  const schema = make();
  try {
    checkSchema(schema, what);
  } catch (error) {
    return { what, outcome: error instanceof TypeError ? error.message : String(error) };
  }
  binaryPaths(schema);
  isBounded(schema);
  closures().compile(schema);
  return { what, outcome: "defined" };
});
console.log(JSON.stringify(outcomes));
