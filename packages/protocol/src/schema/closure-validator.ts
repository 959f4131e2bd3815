/**
 * The engine that works everywhere: schemas become nested closures, and no code is generated.
 */
import { compileSchema } from "./compile-schema.ts";
import { plainSchema } from "./plain-schema.ts";
import { validateFunction } from "./validate-function.ts";
import type { Validator } from "./validator.ts";

export interface ClosureOptions {
  /**
   * Makes the test of a `pattern`, for instance with an engine that needs linear time; without a state of its own. Default:
   * `new RegExp(source, "u")`.
   */
  readonly regExp?: (source: string) => { test(text: string): boolean };
}

/**
 * A validator that needs no `eval`: for browsers with a Content Security Policy, edge workers, and schemas used once.
 *
 * Compiling takes microseconds; checking a small message takes less than parsing it.
 */
export function closures({ regExp = (source) => new RegExp(source, "u") }: ClosureOptions = {}): Validator {
  const pattern = (source: string): ((text: string) => boolean) => {
    const expression = regExp(source);
    return (text) => expression.test(text);
  };
  return {
    name: "closures",
    compile: (schema, options) => {
      const { check, explain } = asTypeError(() => compileSchema(plainSchema(schema, options), pattern));
      return validateFunction(check, (value) => explain(value, "", "false"));
    },
  };
}

/** A pattern that is no regular expression is a fault of the schema like any other. */
function asTypeError<Result>(compile: () => Result): Result {
  try {
    return compile();
  } catch (error) {
    if (error instanceof SyntaxError) throw new TypeError(error.message, { cause: error });
    throw error;
  }
}
