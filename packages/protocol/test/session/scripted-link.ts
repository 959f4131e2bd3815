/** A link that keeps the frames it is given, and has as much room as a test says. */
import type { Frame } from "../../src/frame/frame.ts";
import { FrameType } from "../../src/frame/frame.ts";
import { standardUtf8 } from "../../src/frame/utf8.ts";
import type { Link } from "../../src/link/link.ts";

const encoder = new TextEncoder();

export class ScriptedLink implements Link {
  readonly kind: Link["kind"];
  readonly info = { transport: "scripted" };
  readonly utf8 = standardUtf8;
  room = 1_000_000;
  readonly frames: Frame[] = [];

  constructor(kind: Link["kind"] = "binary") {
    this.kind = kind;
  }

  receive(): void {}

  send(frame: Frame): number {
    this.frames.push({ ...frame });
    const bytes = sizeOf(frame, this.kind);
    this.room -= bytes;
    return bytes;
  }

  close(): void {}

  destroy(): void {}

  /** What was sent since the last look, one line per frame: `DATA 0-74`, `END 74`. */
  take(): string[] {
    return this.frames.splice(0).map((frame) => describe(frame, this.kind));
  }
}

/** Payload bytes of a frame as its sender made it. */
export function sizeOf(frame: Frame, kind: Link["kind"]): number {
  if (!("payload" in frame)) return 0;
  const { payload } = frame;
  if (kind === "binary" && typeof payload === "string") return encoder.encode(payload).length;
  if (kind === "structured" && "more" in frame && frame.more) return 0;
  return frame.end - frame.start;
}

const names = Object.fromEntries(Object.entries(FrameType).map(([name, type]) => [type, name]));

function describe(frame: Frame, kind: Link["kind"]): string {
  const name = names[frame.type] as string;
  if (frame.type === FrameType.DATA || frame.type === FrameType.RESULT) {
    const flags = `${frame.more ? " more" : ""}${frame.head ? ` head ${frame.total}` : ""}`;
    return `${name} ${frame.offset}+${sizeOf(frame, kind)}${flags}`;
  }
  if (frame.type === FrameType.ERROR) return `ERROR ${frame.offset} ${frame.body.code}`;
  if (frame.type === FrameType.END) return `END ${frame.offset}`;
  if (frame.type === FrameType.CREDIT) return `CREDIT ${frame.received} ${frame.limit}`;
  if (frame.type === FrameType.CANCEL) return frame.abort ? "CANCEL abort" : "CANCEL stop";
  return name;
}
