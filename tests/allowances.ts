/**
 * What both peers of a traced wire have allowed each other to send and not yet received, over all calls and several links in a row.
 *
 * A receiver has to have room for all of it at any time. Spec: docs/wire.md §2, §4.1.
 */
import {
  rawFlag,
  rawOpenFlag,
  rawType,
  readRawCredit,
  readRawData,
  readRawJson,
  readRawOpen,
  type Way,
} from "@sluice/protocol/testing";
import type { TracedFrame, WireTrace } from "./wire-trace.ts";

/** One direction of a call, as far as its receiver has it. */
interface Flow {
  arrived: number;
  limit: number;
  isUnfinished: boolean;
}

type Flows = Record<Way, Flow>;

const overhead = 64;

export class Allowances {
  /** The largest sum of what was allowed one way at once, bytes. */
  readonly largest: Record<Way, number> = { toServer: 0, toClient: 0 };
  /** The most calls that were open at once. */
  mostCalls = 0;
  readonly #sums: Record<Way, number> = { toServer: 0, toClient: 0 };
  /** Calls of the client that are open, by their numbers. */
  readonly #calls = new Map<number, Flows>();
  /** Numbers by call ids, of the newest connection. */
  #numbers = new Map<number, number>();
  #connection = 0;
  #floor = 0;

  constructor(trace: WireTrace) {
    trace.onFrame = (traced) => this.#take(traced);
  }

  #take({ connection, way, frame }: TracedFrame): void {
    if (connection > this.#connection) {
      this.#connection = connection;
      this.#numbers = new Map();
    }
    if (frame.type === rawType.WELCOME) this.#floor = Number(readRawJson(frame).floor);
    if (frame.type === rawType.OPEN) this.#open(frame);
    const number = this.#numbers.get(frame.call) ?? 0;
    const flows = this.#calls.get(number);
    if (flows === undefined) return;
    if (frame.type === rawType.CREDIT) {
      this.#change(flows, way === "toServer" ? "toClient" : "toServer", readRawCredit(frame));
    } else if (frame.type === rawType.DATA || frame.type === rawType.RESULT) {
      const { offset, payload } = readRawData(frame);
      const flow = flows[way];
      const isStart = !flow.isUnfinished || (frame.flags & rawFlag.head) !== 0;
      flow.isUnfinished = (frame.flags & rawFlag.more) !== 0;
      this.#change(flows, way, { received: offset + payload.length + (isStart ? overhead : 0) });
    } else if (frame.type === rawType.END) this.#close(flows, way);
    const isLast = frame.type === rawType.RESULT && (frame.flags & rawFlag.more) === 0;
    if (!isLast && frame.type !== rawType.ERROR) return;
    this.#close(flows, "toServer");
    this.#close(flows, "toClient");
    this.#calls.delete(number);
  }

  #open(frame: TracedFrame["frame"]): void {
    const { number, window, resume, payload, openFlags } = readRawOpen(frame);
    this.#numbers.set(frame.call, number);
    let flows = this.#calls.get(number);
    if (flows === undefined) {
      const empty = (): Flow => ({ arrived: 0, limit: 0, isUnfinished: false });
      flows = { toServer: empty(), toClient: empty() };
      this.#calls.set(number, flows);
      this.mostCalls = Math.max(this.mostCalls, this.#calls.size);
      const received = overhead + payload.length;
      const isDone = (openFlags & rawOpenFlag.halfClosed) !== 0;
      this.#change(flows, "toServer", { received, limit: received + (isDone ? 0 : this.#floor) });
    }
    this.#change(flows, "toClient", resume ?? { received: 0, limit: window });
  }

  /** Offsets only ascend. */
  #change(flows: Flows, way: Way, { received, limit = 0 }: { received: number; limit?: number }): void {
    const flow = flows[way];
    const before = flow.limit - flow.arrived;
    flow.arrived = Math.max(flow.arrived, received);
    flow.limit = Math.max(flow.limit, limit, flow.arrived);
    this.#sums[way] += flow.limit - flow.arrived - before;
    this.largest[way] = Math.max(this.largest[way], this.#sums[way]);
  }

  /** Nothing more comes that way. */
  #close(flows: Flows, way: Way): void {
    const flow = flows[way];
    this.#sums[way] -= flow.limit - flow.arrived;
    flow.arrived = flow.limit;
  }
}
