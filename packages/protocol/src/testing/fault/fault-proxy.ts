/**
 * A proxy that does to the bytes between a client and a server what networks do: all carriers' part of it, and its controls.
 *
 * The same seed draws the same faults. In memory: memory-fault-proxy.ts; between sockets: node/socket-fault-proxy.ts.
 */
import { type Clock, systemClock } from "../../clock.ts";
import { EventEmitter } from "../../event-emitter.ts";
import {
  type Blackhole,
  type ConnectionFaults,
  completeFaults,
  type Way,
  ways,
} from "./connection-faults.ts";
import { type ConnectionEnd, type ConnectionHost, FaultConnection } from "./fault-connection.ts";
import type { ProxyEnd } from "./proxy-end.ts";

export interface FaultProxyOptions {
  /** What is drawn is drawn from it: an integer. Default 1. */
  readonly seed?: number;
  /** Makes delays. Default: the system's. */
  readonly clock?: Clock;
  /** What is done to every connection, or, given its number (from 1), to each. Default: nothing. */
  readonly faults?: ConnectionFaults | ((connection: number) => ConnectionFaults);
  /** Connections that are made; more are refused. Default: any number. */
  readonly maxConnections?: number;
  /** Bytes that pass, both ways and on all connections; then every connection is cut, and new ones are refused. Default: any number. */
  readonly maxBytes?: number;
  /** Bytes that wait for a slow, stuck or blackholed way, each on each connection, before its source feels it. Default 65,536. */
  readonly bufferBytes?: number;
}

/** What a proxy tells, as it happens. */
export interface FaultProxyEvents {
  /** A connection was made; nothing has passed. */
  connected: FaultConnection;
  /** A connection was refused. */
  refused: undefined;
  /** Bytes were passed on, as they are given to the other side. */
  passed: { readonly connection: FaultConnection; readonly way: Way; readonly chunk: Uint8Array };
  /** Both sides of a connection are over, or the proxy ends them now. */
  closed: { readonly connection: FaultConnection; readonly by: ConnectionEnd };
}

export class FaultProxy extends EventEmitter<FaultProxyEvents> {
  readonly seed: number;
  /** Connections that are open. */
  readonly connections: ReadonlySet<FaultConnection>;
  /** Connections that were made. */
  accepted = 0;
  /** Connections that were refused. */
  refused = 0;
  /** Bytes that have passed, on all connections. */
  readonly bytes: Record<Way, number> = { toServer: 0, toClient: 0 };
  /** Bytes that were lost in blackholes. */
  readonly swallowedBytes: Record<Way, number> = { toServer: 0, toClient: 0 };
  readonly #host: ConnectionHost;
  readonly #maxConnections: number;
  readonly #maxBytes: number;
  readonly #open = new Set<FaultConnection>();
  readonly #blackholes = new Map<Way, Blackhole>();
  #faultsOf: (connection: number) => ConnectionFaults;
  /** What had been accepted and had passed when the limits began to count. */
  #limitsBegin: { readonly accepted: number; readonly bytes: number } = { accepted: 0, bytes: 0 };
  #isDown = false;

  /** @throws {RangeError} for faults out of range */
  constructor(options: FaultProxyOptions = {}) {
    super();
    const { seed = 1, clock = systemClock, faults = {}, bufferBytes = 64 * 1024 } = options;
    const { maxConnections = Number.POSITIVE_INFINITY, maxBytes = Number.POSITIVE_INFINITY } = options;
    this.seed = seed;
    this.connections = this.#open;
    this.#host = this.#makeHost(clock, bufferBytes);
    this.#maxConnections = maxConnections;
    this.#maxBytes = maxBytes;
    this.#faultsOf = checked(faults);
  }

  /** Whether new connections are refused. */
  get isDown(): boolean {
    const made = this.accepted - this.#limitsBegin.accepted;
    return this.#isDown || made >= this.#maxConnections || this.#allowance <= 0;
  }

  /** Destroys both sides of every connection now. New ones can be made. */
  cut(): void {
    for (const connection of [...this.#open]) connection.cut();
  }

  /** As {@link cut}, so that both sides see a reset, where their carrier knows that. */
  reset(): void {
    for (const connection of [...this.#open]) connection.reset();
  }

  /** Cuts every connection and refuses new ones, until {@link heal}. */
  down(): void {
    this.#isDown = true;
    this.cut();
  }

  /**
   * Lets nothing more pass that way, on connections that are and that come, until {@link heal}. All stay open, whatever their
   * sides do: an end does not pass either.
   */
  blackhole(way: Way | "both" = "both", blackhole: Blackhole = "hold"): void {
    for (const one of ways) if (way === one || way === "both") this.#blackholes.set(one, blackhole);
    for (const connection of [...this.#open]) connection.blackhole(way, blackhole);
  }

  /** Ends blackholes and {@link down}: what was held passes, new connections can be made, and limits count from here. Other faults stay. */
  heal(): void {
    this.#isDown = false;
    this.#blackholes.clear();
    this.#limitsBegin = { accepted: this.accepted, bytes: this.#allBytes };
    for (const connection of [...this.#open]) connection.heal();
  }

  /**
   * Replaces the faults of connections that are and that come.
   * @throws {RangeError} for what is out of range
   */
  set(faults: ConnectionFaults | ((connection: number) => ConnectionFaults)): void {
    this.#faultsOf = checked(faults);
    for (const connection of [...this.#open]) connection.set(this.#faultsOf(connection.number));
  }

  /**
   * Takes a connection that a client has made, and connects it to the server.
   * @param connect makes the server's side; not called if the proxy refuses. The client's side is destroyed then
   */
  join(client: ProxyEnd, connect: () => ProxyEnd): FaultConnection | undefined {
    if (this.isDown) {
      this.refused++;
      client.destroy();
      this.emit("refused", undefined);
      return undefined;
    }
    const number = ++this.accepted;
    const faults = this.#faultsOf(number);
    const connection = new FaultConnection(this.#host, {
      number,
      seed: this.seed,
      faults,
      client,
      server: connect(),
    });
    this.#open.add(connection);
    for (const [way, blackhole] of this.#blackholes) connection.blackhole(way, blackhole);
    this.emit("connected", connection);
    connection.begin();
    return connection;
  }

  /** The seed, and what has happened so far: for the message of a test that fails. */
  override toString(): string {
    const { toServer, toClient } = this.bytes;
    return `fault proxy with seed ${this.seed}: ${this.accepted} connections, ${toServer} bytes to the server, ${toClient} to the client`;
  }

  get #allBytes(): number {
    return this.bytes.toServer + this.bytes.toClient;
  }

  get #allowance(): number {
    return this.#maxBytes - (this.#allBytes - this.#limitsBegin.bytes);
  }

  #makeHost(clock: Clock, bufferBytes: number): ConnectionHost {
    return {
      clock,
      bufferBytes,
      allowance: () => this.#allowance,
      passed: (connection, way, chunk) => {
        this.bytes[way] += chunk.length;
        this.emit("passed", { connection, way, chunk });
      },
      swallowed: (way, bytes) => {
        this.swallowedBytes[way] += bytes;
      },
      closed: (connection, by) => {
        this.#open.delete(connection);
        this.emit("closed", { connection, by });
        // Its last bytes may never leave, and reach the limit no more.
        if (this.#allowance <= 0) this.cut();
      },
      limitReached: () => this.cut(),
    };
  }
}

/** `faults` by the number of a connection. @throws {RangeError} for what is out of range */
function checked(faults: NonNullable<FaultProxyOptions["faults"]>): (connection: number) => ConnectionFaults {
  if (typeof faults === "function") return faults;
  for (const way of ways) completeFaults(faults, way);
  return () => faults;
}
