/**
 * Compares what came with a pattern: equal, member by member; members that the pattern does not name do not matter.
 */
import type { AnyOf, Pattern } from "./peer-case.ts";

/**
 * What does not match, one line each. In a pattern `{ $is: … }` stands for any value of a kind, `{ $oneOf: […] }` for one of several,
 * `{ $has: … }` for a list or a text with that in it, `{ $lacks: … }` for a text without it.
 */
export function mismatches(actual: unknown, pattern: Pattern, where = "it"): readonly string[] {
  const wanted = (text: string): string[] => [`${where} must be ${text}, and is ${show(actual)}`];
  if (typeof pattern !== "object" || pattern === null) {
    return Object.is(actual, pattern) ? [] : wanted(show(pattern));
  }
  if ("$is" in pattern) return isOfKind(actual, pattern as AnyOf) ? [] : wanted(show(pattern));
  if ("$oneOf" in pattern) {
    const choices = pattern.$oneOf as readonly unknown[];
    return choices.some((one) => mismatches(actual, one).length === 0) ? [] : wanted(show(pattern));
  }
  if ("$has" in pattern) {
    const isThere =
      typeof actual === "string"
        ? actual.includes(String(pattern.$has))
        : Array.isArray(actual) && actual.includes(pattern.$has);
    return isThere ? [] : wanted(show(pattern));
  }
  if ("$lacks" in pattern) {
    const isThere = typeof actual === "string" && !actual.includes(String(pattern.$lacks));
    return isThere ? [] : wanted(show(pattern));
  }
  if (Array.isArray(pattern)) {
    if (!Array.isArray(actual) || actual.length !== pattern.length) return wanted(show(pattern));
    return pattern.flatMap((one, at) => mismatches(actual[at], one, `${where}[${at}]`));
  }
  if (typeof actual !== "object" || actual === null || Array.isArray(actual)) return wanted(show(pattern));
  const members = actual as Readonly<Record<string, unknown>>;
  return Object.entries(pattern).flatMap(([name, one]) =>
    mismatches(Object.hasOwn(members, name) ? members[name] : undefined, one, `${where}.${name}`),
  );
}

function isOfKind(value: unknown, { $is, min = -Infinity, max = Infinity }: AnyOf): boolean {
  if ($is === "absent") return value === undefined;
  if ($is === "string") return typeof value === "string";
  if ($is === "hex16") return typeof value === "string" && /^[0-9a-f]{16}$/.test(value);
  if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max) return false;
  return $is === "integer" || value % 2 === 1;
}

/** A value in a message, not too long. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 200 ? text : `${text.slice(0, 199)}…`;
}
