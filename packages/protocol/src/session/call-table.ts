/**
 * The calls of a link by their ids, and the rules of those ids: parity, order, what is over and what never was.
 *
 * Pure. Spec: docs/wire.md §3 "Call ids".
 */
import { SluiceError } from "../errors/sluice-error.ts";
import { IdTable } from "./id-table.ts";

const highestId = 2 ** 31 - 1;

export class CallTable<Call extends { readonly id: number }> {
  readonly #calls = new IdTable<Call>();
  #nextOwn: number;
  #highestPeer: number;
  #peerCalls = 0;
  readonly #ownParity: number;
  readonly #highestOwn: number;

  /** The connector of a link opens odd ids, the acceptor even ones; no call of ours gets an id above `highestOwn`. */
  constructor(role: "connector" | "acceptor", highestOwn: number = highestId) {
    this.#highestOwn = highestOwn;
    this.#ownParity = role === "connector" ? 1 : 0;
    this.#nextOwn = role === "connector" ? 1 : 2;
    this.#highestPeer = 0;
  }

  /** Calls of both sides. */
  get size(): number {
    return this.#calls.size;
  }

  /** Calls that the peer has opened and that are not over. */
  get peerCalls(): number {
    return this.#peerCalls;
  }

  /** Whether this link has an id left for a call of ours. */
  get hasId(): boolean {
    return this.#nextOwn <= this.#highestOwn;
  }

  /** The next id for a call of ours. */
  takeId(): number {
    const id = this.#nextOwn;
    this.#nextOwn += 2;
    return id;
  }

  get(id: number): Call | undefined {
    return this.#calls.get(id);
  }

  add(call: Call): void {
    this.#calls.add(call);
    if (!this.#isOwn(call.id)) this.#peerCalls++;
  }

  remove(id: number): void {
    if (this.#calls.remove(id) && !this.#isOwn(id)) this.#peerCalls--;
  }

  /** Whether this side is the opener of `id`. */
  #isOwn(id: number): boolean {
    return id % 2 === this.#ownParity;
  }

  /** @throws {SluiceError} `PROTOCOL_ERROR` unless the peer may open `id` now */
  admit(id: number): void {
    if (this.#isOwn(id) || id <= this.#highestPeer || id > highestId) {
      throw new SluiceError(
        "PROTOCOL_ERROR",
        `OPEN of call ${id}: the peer's ids are ${this.#ownParity === 1 ? "even" : "odd"} and above ${this.#highestPeer}`,
      );
    }
    this.#highestPeer = id;
  }

  /** For a frame of a call that is not here. @throws {SluiceError} `PROTOCOL_ERROR` if it never was */
  checkOver(id: number): void {
    const highest = this.#isOwn(id) ? this.#nextOwn - 2 : this.#highestPeer;
    if (id > highest) throw new SluiceError("PROTOCOL_ERROR", `Frame for call ${id}, which was never opened`);
  }

  /** Those that are here now, by ascending id. */
  all(): Call[] {
    return this.#calls.all();
  }

  /** Forgets all, as a new link does: ids begin anew. Returns those that were here, by ascending id. */
  clear(): Call[] {
    const calls = this.all();
    this.#calls.clear();
    this.#peerCalls = 0;
    this.#nextOwn = this.#ownParity === 1 ? 1 : 2;
    this.#highestPeer = 0;
    return calls;
  }
}
