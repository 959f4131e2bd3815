/**
 * A link around another that counts what passes: frames and offset bytes, each way.
 *
 * What a proxy is to sockets, for links that have no bytes to count. Spec: docs/wire.md §2.
 */

import type { SluiceError } from "../errors/sluice-error.ts";
import { type Frame, FrameType } from "../frame/frame.ts";
import type { Utf8 } from "../frame/utf8.ts";
import { messageOverhead } from "../limits.ts";
import type { Link, LinkInfo, LinkReceiver } from "../link/link.ts";

/** What passed in one direction. */
export class FrameCounter {
  /** Frames of all types. */
  frames = 0;
  /** Payload bytes, and 64 for every message that began. */
  offsetBytes = 0;
  readonly #byType = new Map<number, number>();
  /** Calls of which the last frame had *more*. */
  readonly #unfinished = new Set<number>();

  /** Frames of `type`. */
  of(type: FrameType): number {
    return this.#byType.get(type) ?? 0;
  }

  /** Counts a frame that has `payloadBytes`. */
  count(frame: Frame, payloadBytes: number): void {
    this.frames++;
    this.#byType.set(frame.type, this.of(frame.type) + 1);
    if (frame.type !== FrameType.OPEN && frame.type !== FrameType.DATA && frame.type !== FrameType.RESULT)
      return;
    const isContinued = this.#unfinished.has(frame.call) && !("head" in frame && frame.head);
    this.offsetBytes += payloadBytes + (isContinued ? 0 : messageOverhead);
    if (frame.more) this.#unfinished.add(frame.call);
    else this.#unfinished.delete(frame.call);
  }
}

/** Takes `link` over. */
export class CountingLink implements Link {
  readonly sent: FrameCounter = new FrameCounter();
  readonly received: FrameCounter = new FrameCounter();
  readonly #link: Link;

  constructor(link: Link) {
    this.#link = link;
  }

  get kind(): Link["kind"] {
    return this.#link.kind;
  }

  get info(): LinkInfo {
    return this.#link.info;
  }

  get utf8(): Utf8 {
    return this.#link.utf8;
  }

  get room(): number {
    return this.#link.room;
  }

  get inbound(): number | undefined {
    return this.#link.inbound;
  }

  get unfinished(): number | undefined {
    return this.#link.unfinished;
  }

  receive(receiver: LinkReceiver): void {
    const { received } = this;
    const { kind } = this.#link;
    this.#link.receive({
      frame(frame) {
        received.count(frame, payloadBytes(frame, kind));
        receiver.frame(frame);
      },
      arrived: () => receiver.arrived?.(),
      malformed: (error) => receiver.malformed(error),
      flushing: () => receiver.flushing(),
      writable: () => receiver.writable(),
      closed: (error) => receiver.closed(error),
    });
  }

  send(frame: Frame): number {
    // Counted afterwards: how long a text is, its encoder says.
    const bytes = this.#link.send(frame);
    this.sent.count(frame, bytes);
    return bytes;
  }

  close(): void {
    this.#link.close();
  }

  destroy(error?: SluiceError): void {
    this.#link.destroy(error);
  }

  pause(): void {
    this.#link.pause?.();
  }

  resume(): void {
    this.#link.resume?.();
  }
}

/** The payload bytes of a frame that arrived. */
function payloadBytes(frame: Frame, kind: Link["kind"]): number {
  if (frame.type !== FrameType.OPEN && frame.type !== FrameType.DATA && frame.type !== FrameType.RESULT)
    return 0;
  if (kind === "binary") return frame.end - frame.start;
  return frame.more ? 0 : frame.total;
}
