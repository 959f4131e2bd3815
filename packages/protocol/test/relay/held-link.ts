/** A link whose room, reading and end a test decides; it keeps what it is given to send. */
import type { SluiceError } from "../../src/errors/sluice-error.ts";
import type { Frame } from "../../src/frame/frame.ts";
import { standardUtf8 } from "../../src/frame/utf8.ts";
import type { Link, LinkReceiver } from "../../src/link/link.ts";

export class HeldLink implements Link {
  readonly kind: Link["kind"];
  readonly info = { transport: "held" };
  readonly utf8 = standardUtf8;
  room = 1_000_000;
  inbound?: number;
  isPaused = false;
  /** How often it was told to stop reading. */
  pauses = 0;
  state: "open" | "closing" | "closed" = "open";
  readonly sent: Frame[] = [];
  #receiver: LinkReceiver | undefined;

  constructor(kind: Link["kind"] = "structured") {
    this.kind = kind;
  }

  get receiver(): LinkReceiver {
    if (this.#receiver === undefined) throw new Error("Nobody receives");
    return this.#receiver;
  }

  receive(receiver: LinkReceiver): void {
    this.#receiver = receiver;
  }

  send(frame: Frame): number {
    if (this.state === "open") this.sent.push(frame);
    return 0;
  }

  close(): void {
    if (this.state === "open") this.state = "closing";
  }

  destroy(error?: SluiceError): void {
    this.end(error);
  }

  pause(): void {
    this.isPaused = true;
    this.pauses++;
  }

  resume(): void {
    this.isPaused = false;
  }

  /** Its carrier is over. */
  end(error?: SluiceError): void {
    if (this.state === "closed") return;
    this.state = "closed";
    this.receiver.closed(error);
  }

  /** Frames arrive. */
  bring(...frames: readonly Frame[]): void {
    for (const frame of frames) this.receiver.frame(frame);
  }

  /** What was sent since the last look. */
  take(): Frame[] {
    return this.sent.splice(0);
  }
}
