/**
 * A program for `node --disallow-code-generation-from-strings`: runs the keyword cases, and prints what it saw as JSON.
 */
import { checkSchema } from "../../src/schema/check-schema.ts";
import { closures } from "../../src/schema/closure-validator.ts";
import { keywordCases } from "../../src/testing/validator/keyword-cases.ts";

function canGenerateCode(): boolean {
  try {
    return new Function("return true")();
  } catch {
    return false;
  }
}

const engine = closures();
const wrong: string[] = [];
let values = 0;
for (const { name, schema, valid, invalid } of keywordCases) {
  checkSchema(schema, name);
  for (const options of [{}, { tolerant: true }]) {
    const validate = engine.compile(schema, options);
    for (const value of valid)
      if (validate(value) !== undefined) wrong.push(`${name}: refuses a valid value`);
    values += valid.length;
  }
  const validate = engine.compile(schema);
  for (const [value, path, keyword] of invalid) {
    const issue = validate(value);
    if (issue?.path !== path || issue.keyword !== keyword) wrong.push(`${name}: ${JSON.stringify(issue)}`);
  }
  values += invalid.length;
}
console.log(JSON.stringify({ canGenerateCode: canGenerateCode(), values, wrong }));
