/**
 * Notes everything that a link tells its receiver, and numbers the frames that pass, for the cases of links.
 */
import { type CreditFrame, type Frame, FrameType } from "../../frame/frame.ts";
import type { Link } from "../../link/link.ts";

/** Everything that a link told its receiver. */
export class LinkRecorder {
  /** Frames that came, in order. */
  readonly frames: Frame[] = [];
  /** How often each of these was called. */
  closed = 0;
  writable = 0;
  flushing = 0;
  /** Frames that came after the end. */
  late = 0;
  onFrame: ((frame: Frame) => void) | undefined;
  onFlushing: (() => void) | undefined;

  constructor(link: Link) {
    link.receive({
      frame: (frame) => {
        if (this.closed > 0) this.late++;
        this.frames.push(frame);
        this.onFrame?.(frame);
      },
      malformed: () => {},
      flushing: () => {
        this.flushing++;
        this.onFlushing?.();
      },
      writable: () => {
        this.writable++;
      },
      closed: () => {
        this.closed++;
      },
    });
  }

  /** The numbers of the CREDITs that came. */
  get numbers(): number[] {
    return this.frames.flatMap((frame) => (frame.type === FrameType.CREDIT ? [frame.received] : []));
  }
}

/** A small frame with a number, which {@link LinkRecorder.numbers} finds again. */
export function numbered(number: number): CreditFrame {
  return { type: FrameType.CREDIT, call: 1, received: number, limit: number };
}

/** The numbers from 0 to `count` - 1. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at);
}
