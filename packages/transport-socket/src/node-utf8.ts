/** UTF-8 by Node's Buffer: several times faster than the standard classes on short texts. */
import { Buffer } from "node:buffer";
import { invalidUtf8, type Utf8 } from "@sluice/protocol/wire";

const fatal = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const replacement = "\ufffd";

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export const nodeUtf8: Utf8 = {
  // Memory of its own: a part of Node's pool would keep all of it alive, and show it to whoever gets the bytes.
  allocate: (size) => Buffer.allocUnsafeSlow(size),
  byteLength: (text) => Buffer.byteLength(text, "utf8"),
  write: (text, into, at) => asBuffer(into).write(text, at, "utf8"),
  read(bytes, start, end) {
    const text = asBuffer(bytes).toString("utf8", start, end);
    // Buffer replaces what is no UTF-8; only a text that holds a replacement needs a second, strict look.
    if (text.includes(replacement)) {
      try {
        fatal.decode(bytes.subarray(start, end));
      } catch (cause) {
        throw invalidUtf8(cause);
      }
    }
    return text;
  },
};
