/**
 * The calls of two links that a relay joins: the id of each on the one, and on the other.
 *
 * Pure. Spec: docs/wire.md §3 "Call ids", §4.12.
 */
import { CallTable } from "../session/call-table.ts";

/** Refused calls whose callers may open them again under another id, and then never confirm the end of this one. */
const mostRefused = 256;

/** A call as one of the two links knows it. */
export class PairedCall {
  readonly id: number;
  /** Whether the peer of this link opened it. */
  readonly isCallers: boolean;
  /** The same call on the other link. */
  twin!: PairedCall;
  /** Whether its callee has said anything of it. */
  isAnswered = false;

  constructor(id: number, isCallers: boolean) {
    this.id = id;
    this.isCallers = isCallers;
  }
}

/** The calls of one of the two links. */
export class LinkCalls {
  readonly #table: CallTable<PairedCall>;
  readonly #ownParity: number;
  readonly #most: number;
  #other!: LinkCalls;
  /** Opened by the peer of this link, refused, and not confirmed. Oldest first. */
  readonly #refused = new Set<PairedCall>();
  /** One that the peer of this link opened and that is over. */
  #over: PairedCall | undefined;

  private constructor(role: "connector" | "acceptor", most: number) {
    this.#table = new CallTable(role);
    this.#ownParity = role === "connector" ? 1 : 0;
    this.#most = most;
  }

  /** The calls of a link that was accepted, and of one that was made. Each peer may have `most` open. */
  static pair(most: number): { readonly accepted: LinkCalls; readonly connected: LinkCalls } {
    const accepted = new LinkCalls("acceptor", most);
    const connected = new LinkCalls("connector", most);
    accepted.#other = connected;
    connected.#other = accepted;
    return { accepted, connected };
  }

  /** Calls of both links' peers; the same seen from both. */
  get size(): number {
    return this.#table.size;
  }

  /**
   * The peer of this link opens `id`. Returns the call as the other link knows it; `undefined` if there are too many.
   * @throws {SluiceError} `PROTOCOL_ERROR` unless it may open `id` now
   */
  open(id: number): PairedCall | undefined {
    this.#table.admit(id);
    const there = this.#other.#table;
    if (this.#table.peerCalls >= this.#most || !there.hasId) return undefined;
    const call = new PairedCall(id, true);
    call.twin = new PairedCall(there.takeId(), false);
    call.twin.twin = call;
    this.#table.add(call);
    there.add(call.twin);
    return call.twin;
  }

  /** The call that a frame of this link's peer names. */
  get(id: number): PairedCall | undefined {
    return this.#table.get(id);
  }

  /**
   * For a frame of a call that is not here: the id, on the other link, of one of the same opener that is over as well. Who gets it
   * there counts what its sender does. `undefined` if none is known.
   * @throws {SluiceError} `PROTOCOL_ERROR` if the call never was
   */
  overThere(id: number): number | undefined {
    this.#table.checkOver(id);
    return id % 2 === this.#ownParity ? this.#other.#over?.id : this.#over?.twin.id;
  }

  /** The callee, this link's peer, had no room for `call`; its caller need not say that it has seen it. */
  refused(call: PairedCall): void {
    const { twin } = call;
    const refused = this.#other.#refused;
    refused.add(twin);
    if (refused.size <= mostRefused) return;
    const [oldest] = refused;
    if (oldest !== undefined) this.#other.forget(oldest);
  }

  /** `call`, one of this link, is over: both ids are free. */
  forget(call: PairedCall): void {
    const opener: LinkCalls = call.isCallers ? this : this.#other;
    const opened = call.isCallers ? call : call.twin;
    opener.#refused.delete(opened);
    opener.#over = opened;
    this.#table.remove(call.id);
    this.#other.#table.remove(call.twin.id);
  }
}
