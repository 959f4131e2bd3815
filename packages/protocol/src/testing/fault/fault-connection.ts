/**
 * One connection through a fault proxy: two sides, and a lane each way between them.
 */
import type { Clock } from "../../clock.ts";
import {
  type Blackhole,
  type ConnectionFaults,
  completeFaults,
  type Way,
  ways,
} from "./connection-faults.ts";
import { FaultLane, type LaneBound } from "./fault-lane.ts";
import type { ProxyEnd } from "./proxy-end.ts";

/** Who or what ended a connection: the side that was over first, or the proxy. */
export type ConnectionEnd = "client" | "server" | "cut" | "reset";

/** What a connection needs of its proxy. */
export interface ConnectionHost {
  readonly clock: Clock;
  readonly bufferBytes: number;
  /** Bytes that may still pass, on all connections. */
  allowance(): number;
  passed(connection: FaultConnection, way: Way, chunk: Uint8Array): void;
  swallowed(way: Way, bytes: number): void;
  closed(connection: FaultConnection, by: ConnectionEnd): void;
  /** The last byte that may pass has left. */
  limitReached(): void;
}

export interface FaultConnectionOptions {
  readonly number: number;
  readonly seed: number;
  readonly faults: ConnectionFaults;
  readonly client: ProxyEnd;
  readonly server: ProxyEnd;
}

export class FaultConnection {
  /** From 1, in the order in which they were made. */
  readonly number: number;
  readonly #ends: Readonly<Record<"client" | "server", ProxyEnd>>;
  readonly #host: ConnectionHost;
  readonly #lanes: Readonly<Record<Way, FaultLane>>;
  #firstOver: "client" | "server" | undefined;
  #isOpen = true;

  constructor(host: ConnectionHost, options: FaultConnectionOptions) {
    const { number, client, server } = options;
    this.#host = host;
    this.number = number;
    this.#ends = { client, server };
    this.#lanes = {
      toServer: this.#makeLane("toServer", client, server, options),
      toClient: this.#makeLane("toClient", server, client, options),
    };
  }

  /** Whether a side is still there. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Bytes that have passed. */
  get bytes(): Readonly<Record<Way, number>> {
    const { toServer, toClient } = this.#lanes;
    return { toServer: toServer.passedBytes, toClient: toClient.passedBytes };
  }

  /** Starts reading both sides. */
  begin(): void {
    this.#listen("client", this.#lanes.toServer, this.#lanes.toClient);
    this.#listen("server", this.#lanes.toClient, this.#lanes.toServer);
    for (const way of ways) this.#lanes[way].begin();
  }

  /** Destroys both sides. */
  cut(): void {
    this.#break("cut", (end) => end.destroy());
  }

  /** Resets both sides, where their carrier knows that; else as {@link cut}. */
  reset(): void {
    this.#break("reset", (end) => end.reset());
  }

  /** Lets nothing pass, and keeps both sides open, until {@link heal}. An end is held, too. */
  blackhole(way: Way | "both" = "both", blackhole: Blackhole = "hold"): void {
    for (const one of ways) if (way === one || way === "both") this.#lanes[one].blackhole(blackhole);
  }

  /** Ends every blackhole. What was held passes. */
  heal(): void {
    for (const way of ways) this.#lanes[way].heal();
  }

  /**
   * Replaces the faults. What is on its way keeps its time; a bound that has been passed already is reached now.
   * @throws {RangeError} for what is out of range
   */
  set(faults: ConnectionFaults): void {
    for (const way of ways) this.#lanes[way].set(completeFaults(faults, way));
  }

  #makeLane(way: Way, from: ProxyEnd, to: ProxyEnd, options: FaultConnectionOptions): FaultLane {
    const { number, seed, faults } = options;
    const host = this.#host;
    return new FaultLane({
      clock: host.clock,
      // Each lane draws from numbers of its own, so that they do not depend on how the lanes' bytes take turns.
      seed: seed * 1_000_003 + number * 4 + (way === "toServer" ? 0 : 2),
      faults: completeFaults(faults, way),
      bufferBytes: host.bufferBytes,
      from,
      to,
      allowance: () => host.allowance(),
      passed: (chunk) => host.passed(this, way, chunk),
      swallowed: (bytes) => host.swallowed(way, bytes),
      reached: (bound) => this.#reached(bound),
    });
  }

  #reached(bound: LaneBound): void {
    if (bound === "cut") this.cut();
    else if (bound === "reset") this.reset();
    else this.#host.limitReached();
  }

  #listen(side: "client" | "server", from: FaultLane, to: FaultLane): void {
    this.#ends[side].start({
      data: (chunk) => from.push(chunk),
      drained: () => to.drained(),
      ended: () => from.finish("end"),
      closed: () => this.#over(side, from, to),
    });
  }

  #over(side: "client" | "server", from: FaultLane, to: FaultLane): void {
    if (!this.#isOpen || this.#firstOver === side) return;
    to.stop();
    if (this.#firstOver === undefined) {
      this.#firstOver = side;
      // What it said last arrives before its end does.
      from.finish("destroy");
      return;
    }
    this.#close(this.#firstOver);
  }

  #break(by: "cut" | "reset", end: (end: ProxyEnd) => void): void {
    if (!this.#isOpen) return;
    this.#close(by);
    end(this.#ends.client);
    end(this.#ends.server);
  }

  #close(by: ConnectionEnd): void {
    this.#isOpen = false;
    for (const way of ways) this.#lanes[way].stop();
    this.#host.closed(this, by);
  }
}
