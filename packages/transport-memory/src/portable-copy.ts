/**
 * Copies of values, taken when they are sent: what their owners do next changes nothing.
 *
 * Bytes are copied exactly, never with the rest of the buffer that they lie in, and long copies are moved to the other side
 * instead of being copied again. Spec: docs/wire.md §3.3.
 */

/** Bytes from which moving a copy is faster than cloning it (measured between two threads of Node). */
const leastMoved = 32 * 1024;
/** More levels than any limit allows: what is deeper has changed since it was measured. */
const mostLevels = 1100;

/**
 * A copy of `value` that shares nothing with it.
 * @param moved is given the copied buffers that shall be transferred
 * @throws {TypeError} for what is no plain data
 */
export function portableCopy(value: unknown, moved: ArrayBuffer[]): unknown {
  return copy(value, moved, 0);
}

function copy(value: unknown, moved: ArrayBuffer[], level: number): unknown {
  switch (typeof value) {
    case "object":
      return value === null ? null : copyObject(value, moved, level + 1);
    case "function":
    case "symbol":
    case "bigint":
      throw new TypeError(`a ${typeof value} does not travel`);
    default:
      return value;
  }
}

function copyObject(value: object, moved: ArrayBuffer[], level: number): object {
  if (level > mostLevels) throw new TypeError(`it has more than ${mostLevels} levels`);
  if (Array.isArray(value)) {
    const array: unknown[] = [];
    for (let at = 0; at < value.length; at++) array.push(copy(value[at], moved, level));
    return array;
  }
  if (ArrayBuffer.isView(value)) return copyView(value, moved);
  if (value instanceof ArrayBuffer) return keepBuffer(value.slice(0), moved);
  const object: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const member = copy((value as Record<string, unknown>)[key], moved, level);
    if (key === "__proto__") Object.defineProperty(object, key, { ...ownMember, value: member });
    else object[key] = member;
  }
  return object;
}

/** Assigned, a member of this name would become the prototype. */
const ownMember = { enumerable: true, configurable: true, writable: true };

function copyView(view: ArrayBufferView, moved: ArrayBuffer[]): ArrayBufferView {
  if (view instanceof Uint8Array) {
    const bytes = new Uint8Array(view.length);
    bytes.set(view);
    keepBuffer(bytes.buffer, moved);
    return bytes;
  }
  const { buffer, byteOffset, byteLength } = view;
  const bytes = new Uint8Array(byteLength);
  bytes.set(new Uint8Array(buffer, byteOffset, byteLength));
  keepBuffer(bytes.buffer, moved);
  return viewLike(view, bytes.buffer);
}

/** A view of `buffer`, of the kind that `view` is of. */
function viewLike(view: ArrayBufferView, buffer: ArrayBuffer): ArrayBufferView {
  // Every kind of view is made from a buffer; the compiler knows only that views have some constructor.
  const View = view.constructor as new (buffer: ArrayBuffer) => ArrayBufferView;
  return new View(buffer);
}

function keepBuffer(buffer: ArrayBuffer, moved: ArrayBuffer[]): ArrayBuffer {
  if (buffer.byteLength >= leastMoved) moved.push(buffer);
  return buffer;
}
