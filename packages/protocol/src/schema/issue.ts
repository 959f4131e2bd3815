/**
 * Issues: their bounds, their paths, and the words that several keywords share.
 *
 * Texts come from the schema alone, never from the refused value.
 */
import type { Issue } from "./validator.ts";

const longestText = 200;
const longestPath = 256;

/** An issue cut to its bounds: a text ends with "…", a path with the nearest place around it that fits. */
export function issue(path: string, keyword: string, expected: string): Issue {
  return {
    path: path.length <= longestPath ? path : path.slice(0, path.lastIndexOf("/", longestPath)),
    keyword,
    expected: expected.length <= longestText ? expected : `${expected.slice(0, longestText - 1)}…`,
  };
}

/** The pointer to the member or element `name` of the value at `path`. Spec: RFC 6901. */
export function pointTo(path: string, name: string | number): string {
  return `${path}/${String(name).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** `must be "a"`, `must be one of "a", "b"`. */
export function mustBeOneOf(values: readonly unknown[]): string {
  const listed = values.slice(0, longestText).map((value) => JSON.stringify(value));
  return `must be ${listed.length === 1 ? "" : "one of "}${listed.join(", ")}`;
}

/** `must be string or null`. */
export function mustBeOfType(types: readonly string[]): string {
  return `must be ${[...new Set(types)].join(" or ")}`;
}
