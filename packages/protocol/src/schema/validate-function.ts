/**
 * Makes the function that a compiled schema is, out of a verdict and an explanation that is asked for only after a refusal.
 */
import { issue } from "./issue.ts";
import type { Issue, Validate } from "./validator.ts";

/** `explain` gives the first issue of a value that `check` refuses. Values nested too deeply for either are an issue themselves. */
export function validateFunction(
  check: (value: unknown) => boolean,
  explain: (value: unknown) => Issue | undefined,
): Validate {
  return (value) => {
    try {
      // A value whose getters answer differently the second time has been refused all the same.
      return check(value) ? undefined : (explain(value) ?? issue("", "schema", "must match its schema"));
    } catch (error) {
      if (isStackOverflow(error)) return issue("", "depth", "must be less deeply nested");
      throw error;
    }
  };
}

/** A RangeError, or what Firefox throws instead. */
export function isStackOverflow(error: unknown): boolean {
  return error instanceof RangeError || (error instanceof Error && error.name === "InternalError");
}
