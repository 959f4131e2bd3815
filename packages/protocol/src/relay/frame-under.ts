/**
 * A frame of a call as it goes out over another link: under the call's id there, its payload untouched.
 *
 * Spec: docs/wire.md §4.12.
 */
import { ownChunkBytes } from "../frame/encode-frame.ts";
import type { Frame } from "../frame/frame.ts";
import type { Link } from "../link/link.ts";

/** A frame that names a call. */
export type CallFrame = Exclude<Frame, { readonly call: 0 }>;

/** `frame`, which came over a link of `kind`, under `call`. The link that brought it may use its memory again. */
export function frameUnder(call: number, frame: CallFrame, kind: Link["kind"]): Frame {
  if (kind === "structured" || !("payload" in frame)) return { ...frame, call };
  const { payload, start, end } = frame;
  if (end - start < ownChunkBytes) {
    // It is written when `send` returns, and nobody else has it.
    frame.call = call;
    return frame;
  }
  const bytes = new Uint8Array(end - start);
  bytes.set((payload as Uint8Array).subarray(start, end));
  return { ...frame, call, payload: bytes, start: 0, end: bytes.length };
}
