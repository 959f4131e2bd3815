/**
 * The frames of raw pipes as bytes and back: two lengths, metadata as JSON, a payload.
 *
 * ```
 * u32 metadata length · u32 payload length · metadata (JSON, UTF-8) · payload
 * ```
 *
 * Integers are big-endian. Both lengths are judged before a byte behind them is kept. Pure: no streams, no timers.
 *
 * Spec: docs/pipes.md.
 */
import { SluiceError } from "../errors/sluice-error.ts";
import { malformed } from "./check-frame.ts";
import { readU32, writeU32 } from "./integers.ts";
import { standardUtf8 } from "./utf8.ts";

/** Bytes before the metadata. */
export const pipeFrameHeadBytes = 8;

/** `{"type":"close"}`: which side of its sender has ended, and why if it has failed. */
export interface PipeClose {
  readonly type: "close";
  /** `"writable"`: sends no more. `"readable"`: takes no more. `"both"`, or absent: neither. */
  readonly side?: "writable" | "readable" | "both";
  /** Present after a failure: an error code. */
  readonly code?: string;
  /** For people. */
  readonly reason?: string;
}

/** What a frame is. Only `data` has a payload. */
export type PipeMetadata =
  | { readonly type: "data" }
  | { readonly type: "ping" | "pong"; readonly id?: number }
  | PipeClose;

export interface PipeFrame {
  readonly metadata: PipeMetadata;
  readonly payload: Uint8Array;
}

export interface PipeFrameLimits {
  /** Bytes of a frame's metadata. */
  readonly maxMetadata: number;
  /** Bytes of a frame's payload. */
  readonly maxPayload: number;
}

/** What becomes of a frame. Its payload is a part of a chunk that was pushed, or memory of its own. */
export type PipeFrameSink = (frame: PipeFrame) => void;

const encoder = new TextEncoder();
const noBytes: Uint8Array = new Uint8Array(0);
/** Nearly every frame has this metadata: it is neither written nor parsed anew. */
const dataMetadata: PipeMetadata = { type: "data" };
const dataText = encoder.encode(JSON.stringify(dataMetadata));

/** A frame as bytes of its own: nothing of `payload` is referred to afterwards. */
export function encodePipeFrame(metadata: PipeMetadata, payload: Uint8Array = noBytes): Uint8Array {
  const text = metadata.type === "data" ? dataText : encoder.encode(JSON.stringify(metadata));
  const bytes = new Uint8Array(pipeFrameHeadBytes + text.length + payload.length);
  writeU32(bytes, 0, text.length);
  writeU32(bytes, 4, payload.length);
  bytes.set(text, pipeFrameHeadBytes);
  bytes.set(payload, pipeFrameHeadBytes + text.length);
  return bytes;
}

/** Memory that an unfinished frame begins with, at most. */
const firstRestBytes = 64 * 1024;

/**
 * Decodes chunks cut anywhere. Of an unfinished frame it keeps what has come, in memory that grows fourfold and never beyond the
 * frame: an announced length costs nothing, and a thousand chunks of one byte as little as one of a thousand.
 */
export class PipeFrameDecoder {
  readonly #limits: PipeFrameLimits;
  readonly #head = new Uint8Array(pipeFrameHeadBytes);
  #headBytes = 0;
  /** Of the frame whose head is known: how much of it is metadata, how much there is in all, and what has come. */
  #metadataBytes = 0;
  #bodyBytes = 0;
  #rest: Uint8Array | undefined;
  #restBytes = 0;

  constructor(limits: PipeFrameLimits) {
    this.#limits = limits;
  }

  /** Whether the bytes so far end inside a frame. */
  get isInsideFrame(): boolean {
    return this.#headBytes > 0;
  }

  /**
   * Hands over the frames that `chunk` completes; their payloads are parts of it where it holds them whole. After an error the
   * decoder is done for.
   * @throws {SluiceError} `FRAME_TOO_LARGE`, `PROTOCOL_ERROR`, `DECODE_ERROR`
   */
  push(chunk: Uint8Array, sink: PipeFrameSink): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#headBytes < pipeFrameHeadBytes) {
        this.#head[this.#headBytes++] = chunk[at++] as number;
        if (this.#headBytes === pipeFrameHeadBytes) this.#judgeHead();
        continue;
      }
      const taken = Math.min(this.#bodyBytes - this.#restBytes, chunk.length - at);
      const isWhole = taken === this.#bodyBytes;
      if (!isWhole) this.#keep(chunk, at, taken);
      const body = isWhole ? chunk.subarray(at, at + taken) : (this.#rest as Uint8Array);
      at += taken;
      if (!isWhole && this.#restBytes < this.#bodyBytes) return;
      const metadataBytes = this.#metadataBytes;
      this.#headBytes = 0;
      this.#rest = undefined;
      this.#restBytes = 0;
      sink(parse(body, metadataBytes));
    }
  }

  #judgeHead(): void {
    const metadataBytes = readU32(this.#head, 0);
    const payloadBytes = readU32(this.#head, 4);
    const { maxMetadata, maxPayload } = this.#limits;
    if (metadataBytes > maxMetadata) throw tooLarge("metadata", metadataBytes, maxMetadata);
    if (payloadBytes > maxPayload) throw tooLarge("payload", payloadBytes, maxPayload);
    // The shortest object is {}. With it every frame has a body.
    if (metadataBytes < 2) throw malformed(`a pipe's frame has ${metadataBytes} bytes of metadata`);
    this.#metadataBytes = metadataBytes;
    this.#bodyBytes = metadataBytes + payloadBytes;
  }

  #keep(chunk: Uint8Array, from: number, count: number): void {
    const needed = this.#restBytes + count;
    let rest = this.#rest;
    if (rest === undefined || needed > rest.length) {
      const wanted = rest === undefined ? Math.max(needed, firstRestBytes) : 4 * needed;
      const grown = new Uint8Array(Math.min(this.#bodyBytes, wanted));
      if (rest !== undefined) grown.set(rest.subarray(0, this.#restBytes));
      this.#rest = rest = grown;
    }
    rest.set(chunk.subarray(from, from + count), this.#restBytes);
    this.#restBytes = needed;
  }
}

function parse(body: Uint8Array, metadataBytes: number): PipeFrame {
  const payload = body.subarray(metadataBytes);
  const metadata = isPlainData(body, metadataBytes) ? dataMetadata : readMetadata(body, metadataBytes);
  if (metadata.type !== "data" && payload.length > 0) {
    throw malformed(`a pipe's ${metadata.type} has a payload of ${payload.length} bytes`);
  }
  return { metadata, payload };
}

function isPlainData(body: Uint8Array, metadataBytes: number): boolean {
  if (metadataBytes !== dataText.length) return false;
  for (let i = 0; i < dataText.length; i++) {
    if (body[i] !== dataText[i]) return false;
  }
  return true;
}

function readMetadata(body: Uint8Array, metadataBytes: number): PipeMetadata {
  const text = standardUtf8.read(body, 0, metadataBytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // JSON.parse quotes the text in its message; what a peer sent stays out of errors and logs.
    throw new SluiceError("DECODE_ERROR", "Cannot decode a pipe's metadata: it is not JSON");
  }
  if (typeof value !== "object" || value === null) throw malformed("a pipe's metadata is no object");
  const { type, id, side, code, reason } = value as Readonly<Record<string, unknown>>;
  switch (type) {
    case "data":
      return dataMetadata;
    case "ping":
    case "pong":
      return Number.isSafeInteger(id) ? { type, id: id as number } : { type };
    case "close":
      return {
        type,
        side: side === "writable" || side === "readable" ? side : "both",
        ...(typeof code === "string" ? { code } : {}),
        ...(typeof reason === "string" ? { reason } : {}),
      };
    default:
      throw malformed(`a pipe's frame has the type ${JSON.stringify(type)?.slice(0, 40)}`);
  }
}

function tooLarge(what: string, bytes: number, most: number): SluiceError {
  return new SluiceError(
    "FRAME_TOO_LARGE",
    `Cannot accept a pipe's frame with ${bytes} bytes of ${what}: at most ${most}`,
  );
}
