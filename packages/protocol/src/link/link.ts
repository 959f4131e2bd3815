/**
 * The interface of a link: it moves frames between two neighbours, every one once and in order, or it is dead.
 *
 * Spec: docs/wire.md §1, §3.3. Transports implement it, sessions use it.
 */
import type { PeerCertificate } from "../definition/peer-certificate.ts";
import type { SluiceError } from "../errors/sluice-error.ts";
import type { Frame } from "../frame/frame.ts";
import type { Utf8 } from "../frame/utf8.ts";

/** Who takes what a link brings. One at a time; a link starts reading when it has its first receiver. */
export interface LinkReceiver {
  /** A frame arrived. Its payload is valid during the call only. Must not throw. */
  frame(frame: Frame): void;
  /** Something arrived, be it a part of a frame. Called by links that have {@link Link.inbound}. Spec: docs/wire.md §4.10. */
  arrived?(): void;
  /** Bytes arrived that are no frames. The link reads no further; the receiver sends CLOSE and closes it. */
  malformed(error: SluiceError): void;
  /** The last moment to add frames to the write that is about to happen. */
  flushing(): void;
  /** There is room again, after {@link Link.room} was used up. */
  writable(): void;
  /** The link is over. Called exactly once, also after the receiver's own `close()`; nothing follows. */
  closed(error: SluiceError | undefined): void;
}

/** What is known of the other end, for logs and `authenticate`. */
export interface LinkInfo {
  /** The transport's name: `unix`, `tcp`, `memory`… */
  readonly transport: string;
  /** The peer's address in the grammar of address.ts, if it has one. */
  readonly remote?: string;
  /** The certificate that the peer has shown, if it has been verified. A transport never sets any other. */
  readonly peerCertificate?: PeerCertificate;
  /**
   * It carries one call and ends with it, as a request of HTTP does. Who makes calls makes links then, so that no session counts the
   * handlers: those of all such links of a server share its `maxConcurrentHandlers`.
   */
  readonly isOneCall?: boolean;
}

export interface Link {
  /** Whether frames become bytes or travel as objects. */
  readonly kind: "binary" | "structured";
  readonly info: LinkInfo;
  /** How this link turns text into bytes. */
  readonly utf8: Utf8;
  /** Payload bytes that may be handed over now; at 0 or below wait for `writable()`. Frames of control may go at any time. */
  readonly room: number;
  /**
   * Grows with everything that arrives, be it a part of a frame. A link has it, and calls {@link LinkReceiver.arrived}, if its other
   * end can vanish without a word: it is watched then. Spec: docs/wire.md §4.10.
   */
  readonly inbound?: number | undefined;
  /**
   * Another number with each frame that has begun and not ended, and with each KiB of it that has arrived; 0 while there is none. Absent:
   * what arrives are whole frames. Looked at between what {@link LinkReceiver.arrived} tells of. Spec: docs/wire.md §4.10.
   */
  readonly unfinished?: number | undefined;
  /** Sets the receiver, or replaces it from the next frame on. */
  receive(receiver: LinkReceiver): void;
  /**
   * Hands a frame over; it goes out with all others of this turn of the event loop. After the end it goes nowhere. A binary link has
   * encoded it when this returns; only the bytes of a payload of 4 KiB and more it may keep until they are written.
   * @returns the payload bytes that the frame has
   */
  send(frame: Frame): number;
  /** Sends what was handed over, then ends the link. Idempotent. */
  close(): void;
  /** Ends the link at once; what was not sent is lost. Idempotent. */
  destroy(error?: SluiceError): void;
  /**
   * Reads no more until {@link resume}, so that the other end feels it; what was read already still comes. A link has both if what
   * arrives would otherwise have to wait in this process.
   */
  pause?(): void;
  resume?(): void;
}
