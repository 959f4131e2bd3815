/**
 * One direction of a call at the side that receives it: frames judged and put together, items for a reader, credit back.
 *
 * The counterpart of outbox.ts; both ends of a call have one. Spec: docs/wire.md §2, §4.1.
 */
import type { SluiceError } from "../errors/sluice-error.ts";
import { FrameType } from "../frame/frame.ts";
import { Arrivals } from "./arrivals.ts";
import type { CallHost } from "./call-host.ts";
import { ReceiveWindow } from "./credit-window.ts";
import { Inbox, type InboxHost } from "./inbox.ts";

/** The call that an intake belongs to. */
export interface IntakeOwner {
  readonly id: number;
  /** Whether the peer still has use for credit. */
  readonly grantsCredit: boolean;
  /** The reader has left before the end. */
  readerLeft(): void;
}

export class Intake implements InboxHost {
  readonly window: ReceiveWindow;
  readonly arrivals: Arrivals;
  /** `undefined` if no items come. */
  readonly inbox: Inbox | undefined;
  readonly #host: CallHost;
  readonly #owner: IntakeOwner;

  constructor(host: CallHost, owner: IntakeOwner, hasItems: boolean) {
    this.#host = host;
    this.#owner = owner;
    this.window = new ReceiveWindow(host.budget, host.limits, host.clock);
    this.arrivals = new Arrivals(this.window, host);
    if (hasItems) this.inbox = new Inbox(this.window, this);
  }

  /**
   * Since when the peer has sent nothing of a message that memory is reserved for, though it may send all of it; `undefined` if there is
   * none, or nobody reads it. Spec: docs/wire.md §4.1.
   */
  get missingSince(): number | undefined {
    const { unfinishedEnd, isResultUnfinished, pieceAt } = this.arrivals;
    if (unfinishedEnd === undefined || !this.window.holdsReservation) return undefined;
    if (unfinishedEnd > this.window.limit) return undefined;
    if (this.inbox?.isDropping === true && !isResultUnfinished) return undefined;
    return Math.max(pieceAt, this.window.reservedAt);
  }

  /** Asks for room up to `end`, where the unfinished message ends, without waiting for a reader. */
  reserveRest(end: number): void {
    if (this.window.reserve(end, () => this.creditRaised())) this.creditRaised();
  }

  /** Something arrived that nobody will read. */
  skip(): void {
    this.inbox?.skip();
    this.#passRest();
  }

  /** Nobody wants what comes; what is here is dropped. Frames are judged as before, and memory is given back. */
  abandon(error: SluiceError): void {
    this.inbox?.abandon(error);
    this.arrivals.discard("all");
    this.window.close();
  }

  creditRaised(): void {
    const { id, grantsCredit } = this.#owner;
    if (!grantsCredit) return;
    const { received, limit } = this.window;
    this.#host.control({ type: FrameType.CREDIT, call: id, received, limit });
  }

  readerLeft(): void {
    this.#owner.readerLeft();
  }

  itemsDropped(): void {
    this.arrivals.discard("items");
    this.#passRest();
  }

  /** Bytes that nobody reads make room for the next ones. The rest of a structured message comes whole, and waits for room for it all. */
  #passRest(): void {
    const { unfinishedEnd } = this.arrivals;
    if (this.#host.isStructured && unfinishedEnd !== undefined) this.reserveRest(unfinishedEnd);
  }
}
