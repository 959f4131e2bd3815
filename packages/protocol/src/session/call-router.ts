/**
 * Finds the call that a frame is for, by its id and by who may send it.
 *
 * Spec: docs/wire.md §3 "Call ids", §4.14.
 */
import { malformed } from "../frame/check-frame.ts";
import { type Frame, FrameType } from "../frame/frame.ts";
import type { CallTable } from "./call-table.ts";
import type { IncomingCall } from "./incoming-call.ts";
import { OutgoingCall } from "./outgoing-call.ts";
import type { PeerCalls } from "./peer-calls.ts";

export class CallRouter {
  readonly #table: CallTable<OutgoingCall | IncomingCall>;
  readonly #incoming: PeerCalls;
  readonly #abused: () => void;

  /** @param abused called for a frame that had no effect, whose sender could have known */
  constructor(table: CallTable<OutgoingCall | IncomingCall>, incoming: PeerCalls, abused: () => void) {
    this.#table = table;
    this.#incoming = incoming;
    this.#abused = abused;
  }

  /** Hands `frame` to its call. Returns whether it is a frame of calls. @throws {SluiceError} for what ends the session */
  route(frame: Frame): boolean {
    switch (frame.type) {
      case FrameType.DATA:
      case FrameType.RESULT:
        this.#find(frame.call)?.onData(frame);
        return true;
      case FrameType.CREDIT:
        this.#find(frame.call)?.onCredit(frame);
        return true;
      case FrameType.OPEN:
        this.#incoming.onOpen(frame, this.#add);
        return true;
      case FrameType.DONE:
        for (const id of frame.calls) this.#onDone(id);
        if (frame.rest) this.#incoming.onRest();
        return true;
      case FrameType.END:
        this.#find(frame.call)?.onEnd(frame);
        return true;
      case FrameType.ERROR:
        this.#ofOwn(frame.call, "ERROR")?.onError(frame);
        return true;
      case FrameType.CANCEL:
        this.#ofPeer(frame.call, "CANCEL")?.onCancel(frame);
        return true;
      default:
        return false;
    }
  }

  readonly #add = (call: IncomingCall): void => this.#table.add(call);

  #find(id: number): OutgoingCall | IncomingCall | undefined {
    const call = this.#table.get(id);
    if (call !== undefined) return call;
    this.#table.checkOver(id);
    if (!this.#incoming.wasRefused(id)) this.#abused();
    return undefined;
  }

  #ofOwn(id: number, name: string): OutgoingCall | undefined {
    const call = this.#find(id);
    if (call === undefined || call instanceof OutgoingCall) return call;
    throw malformed(`${name} for call ${id} from its caller`);
  }

  #ofPeer(id: number, name: string): IncomingCall | undefined {
    const call = this.#find(id);
    if (call === undefined || !(call instanceof OutgoingCall)) return call;
    throw malformed(`${name} for call ${id} from its callee`);
  }

  #onDone(id: number): void {
    const call = this.#table.get(id);
    this.#incoming.onDone(id);
    if (call === undefined) this.#table.checkOver(id);
    else if (call instanceof OutgoingCall) throw malformed(`DONE for call ${id} from its callee`);
    else call.onDone();
  }
}
