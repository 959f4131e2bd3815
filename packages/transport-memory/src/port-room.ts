/**
 * How much a port may hold, by weight: what this side has sent and the other has not taken, and what was taken here and not told.
 *
 * Pure. Both sides count alike, by `weightOf` of port-batch.ts.
 */
import { SluiceError } from "@sluice/protocol/wire";

/** Weight that the other side has not taken, at most; what is in the port cannot be overtaken. One message may pass it. */
const roomWeight = 64 * 1024;
/** Frames of control have no room to ask for. A peer that makes us answer and never reads is cut off here. */
const mostOverdrawn = 1024 * 1024;
/** What was taken is told at this weight, unless a message takes it along before. */
const leastTold = roomWeight / 4;

export class PortRoom {
  /** Handed over so far; of that taken by the other side; added since there is no room. */
  #sent = 0;
  #confirmed = 0;
  #overdrawn = 0;
  #isWaitedFor = false;
  /** Taken here so far; of that told to the other side. */
  #taken = 0;
  #told = 0;

  /** What this side has sent so far. */
  get sent(): number {
    return this.#sent;
  }

  /** Of that, what the other side has said it took. */
  get confirmed(): number {
    return this.#confirmed;
  }

  /** What may be sent now. Whoever reads 0 or less waits for {@link confirm}. */
  get left(): number {
    const left = this.#left;
    if (left <= 0) this.#isWaitedFor = true;
    return left;
  }

  /** Counts what is sent. @throws {SluiceError} `RESOURCE_EXHAUSTED` for more than 1 MiB without room */
  send(weight: number): void {
    const hadRoom = this.#left > 0;
    this.#sent += weight;
    if (hadRoom) return;
    this.#overdrawn += weight;
    if (this.#overdrawn <= mostOverdrawn) return;
    throw new SluiceError("RESOURCE_EXHAUSTED", `Cannot send: the peer leaves ${mostOverdrawn} bytes unread`);
  }

  /** The other side has taken `taken` in all. Returns whether somebody waits for the room that there is now. */
  confirm(taken: number): boolean {
    this.#confirmed = taken;
    if (this.#left <= 0) return false;
    this.#overdrawn = 0;
    const isWaitedFor = this.#isWaitedFor;
    this.#isWaitedFor = false;
    return isWaitedFor;
  }

  /** Counts what was taken here. */
  take(weight: number): void {
    this.#taken += weight;
  }

  /** Whether the other side should be told soon. */
  get isTellingDue(): boolean {
    return this.#taken - this.#told >= leastTold;
  }

  /** What was taken here so far, for a message that tells it. */
  tell(): number {
    this.#told = this.#taken;
    return this.#taken;
  }

  get #left(): number {
    return roomWeight - (this.#sent - this.#confirmed);
  }
}
