/**
 * Uses a fast engine that generates code where that is allowed, and a safe one where it is not.
 */
import type { Validate, Validator } from "./validator.ts";

export interface AutoOptions {
  /**
   * `"probe"` (default): try the fast engine. `"never"`: do not even try, where each attempt would be reported as a violation
   * of the Content Security Policy.
   */
  readonly eval?: "probe" | "never";
}

/**
 * A validator that compiles each schema with `fast`, or with `safe` once the platform has refused to generate code.
 *
 * Only a refusal is remembered: some edge runtimes generate code while a module starts and refuse to in a handler. What is
 * wrong with a schema is thrown as it is.
 */
export function auto(
  fast: Validator,
  safe: Validator,
  { eval: mode = "probe" }: AutoOptions = {},
): Validator {
  let isRefused = mode === "never";
  return {
    name: "auto",
    compile: (schema, options): Validate => {
      if (!isRefused) {
        try {
          return fast.compile(schema, options);
        } catch (error) {
          if (!isRefusalOfCode(error)) throw error;
          isRefused = true;
        }
      }
      return safe.compile(schema, options);
    },
  };
}

/** Whether the platform has refused to make a function out of text; engines may have wrapped what it threw. */
function isRefusalOfCode(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const isRefusal =
    error.name === "EvalError" ||
    /code generation from strings|unsafe-eval|content security policy|trusted ?(type|script)/i.test(
      error.message,
    );
  return isRefusal || isRefusalOfCode(error.cause);
}
