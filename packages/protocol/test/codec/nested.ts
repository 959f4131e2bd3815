/** `value` inside of `levels` arrays, or objects. */
export function nested(levels: number, kind: "arrays" | "objects", value: unknown = 1): unknown {
  let result = value;
  for (let i = 0; i < levels; i++) result = kind === "arrays" ? [result] : { a: result };
  return result;
}
