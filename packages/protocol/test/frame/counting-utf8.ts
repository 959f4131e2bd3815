/** UTF-8 whose memory is counted, and not empty: for those who take it without reading it first. */
import { standardUtf8, type Utf8 } from "../../src/frame/utf8.ts";

/** A Utf8 of its own, hence a pool of its own: memory comes filled with 0xaa, and is counted. */
export function countingUtf8(): Utf8 & { readonly allocated: Uint8Array[] } {
  const allocated: Uint8Array[] = [];
  return {
    ...standardUtf8,
    allocated,
    allocate(size) {
      const bytes = new Uint8Array(size).fill(0xaa);
      allocated.push(bytes);
      return bytes;
    },
  };
}
