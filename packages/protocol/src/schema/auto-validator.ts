/**
 * Uses a fast engine that generates code where that is allowed, and a safe one where it is not.
 */
import type { Validate, Validator } from "./validator.ts";

export interface AutoOptions {
  /**
   * `"probe"`: try the fast engine. `"never"`: do not even try, where each attempt would be reported as a violation of the Content
   * Security Policy. Default: `"never"` in browsers, which say nothing of their policy before it is violated, and `"probe"`
   * elsewhere.
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
  { eval: mode = isBrowser() ? "never" : "probe" }: AutoOptions = {},
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

/** Whether this is a page or a worker of one. Of all platforms, browsers alone name themselves so. */
function isBrowser(): boolean {
  const { navigator } = globalThis as { readonly navigator?: { readonly userAgent?: unknown } };
  return String(navigator?.userAgent).startsWith("Mozilla/");
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
