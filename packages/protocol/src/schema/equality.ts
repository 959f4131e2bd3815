/**
 * When two JSON values are the same: by content, order of members aside, absent ones being `undefined`. For const, enum, uniqueItems.
 *
 * Spec: JSON Schema 2020-12 core, §4.2.2.
 */
import { isBytes } from "./byte-string.ts";

/** A text that two values share exactly if they are the same value. */
export function contentOf(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return `[${Array.from(value, contentOf).join()}]`;
  if (isBytes(value)) return `<${value.join()}>`;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${contentOf(member)}`)
    .join()}}`;
}

/** Whether `value` is the same as one of `allowed`. */
export function isOneOf(allowed: readonly unknown[]): (value: unknown) => boolean {
  const primitives = new Set(allowed.filter(isPrimitive));
  const contents = new Set(allowed.filter((value) => !isPrimitive(value)).map(contentOf));
  if (contents.size > 0)
    return (value) => (isPrimitive(value) ? primitives.has(value) : contents.has(contentOf(value)));
  const [only] = primitives;
  return primitives.size === 1 ? (value) => value === only : (value) => primitives.has(value);
}

/** Whether no two elements are the same, in time linear in the size of `array`. */
export function hasUniqueItems(array: readonly unknown[]): boolean {
  const seen = new Set<unknown>();
  const contents = new Set<string>();
  for (const item of array) {
    if (isPrimitive(item)) seen.add(item);
    else contents.add(contentOf(item));
  }
  return seen.size + contents.size === array.length;
}

function isPrimitive(value: unknown): boolean {
  return typeof value !== "object" || value === null;
}
