/**
 * Refuses values that would arrive as something else, before they are encoded. The value model: docs/codecs.md.
 */

/** What a codec carries, where codecs differ. */
export interface Carried {
  /** Whether `value`, which is neither an array nor a plain object, is bytes that the codec writes. */
  readonly bytes: (value: object) => boolean;
  /** Text with half a surrogate pair, and members called `__proto__`. */
  readonly anyText: boolean;
}

/**
 * Refuses what would arrive as something else, or not at all: NaN, functions, instances of classes…
 * @param levels how many levels of arrays and objects may be nested, which also ends cycles
 * @throws {TypeError} that says which kind of value it was
 */
export function checkPlain(value: unknown, levels: number, carried: Carried): void {
  switch (typeof value) {
    case "boolean":
    case "undefined":
      return;
    case "string":
      if (!carried.anyText && !isWellFormed(value))
        throw new TypeError("text with half a surrogate pair does not travel");
      return;
    case "number":
      if (!Number.isFinite(value)) throw new TypeError(`${value} does not travel`);
      return;
    case "object":
      if (value !== null) checkMembers(value, levels, carried);
      return;
    default:
      throw new TypeError(`a ${typeof value} does not travel`);
  }
}

function checkMembers(value: object, levels: number, carried: Carried): void {
  if (!Array.isArray(value) && !isPlain(value)) {
    if (carried.bytes(value)) return;
    throw notPlain(value);
  }
  if (levels === 0) throw new TypeError("it is nested too deep, or in a cycle");
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) checkPlain(value[i], levels - 1, carried);
    return;
  }
  for (const key in value) {
    if (!carried.anyText && (key === "__proto__" || !isWellFormed(key))) {
      throw new TypeError(`a member called ${JSON.stringify(key)} does not travel`);
    }
    checkPlain((value as Record<string, unknown>)[key], levels - 1, carried);
  }
}

/** The error for an instance of a class. */
export function notPlain(value: object): TypeError {
  const { name } = value.constructor ?? { name: "a class" };
  return new TypeError(`an instance of ${name} does not travel: make it plain data`);
}

/** Whether `value` is what `{}` makes, here or in another realm, or has no prototype. */
export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

const halfPair = /\p{Surrogate}/u;

function isWellFormed(text: string): boolean {
  const platform: string & { isWellFormed?(): boolean } = text;
  return platform.isWellFormed?.() ?? !halfPair.test(text);
}
