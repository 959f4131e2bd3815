/** A ClientConnection on a fake clock, its statuses, and those who wait for it. */
import { FakeClock } from "@sluice/protocol/testing";
import {
  jsonCodec,
  newPeer,
  refuseCalls,
  resolveLimits,
  type Session,
  SluiceError,
} from "@sluice/protocol/wire";
import { expect } from "vitest";
import { ClientConnection, type ClientStatus, type ConnectionOptions } from "../src/connection.ts";
import { ReconnectPolicy } from "../src/reconnect-policy.ts";
import { ScriptedTransport } from "./scripted-transport.ts";

export class ConnectionRig {
  readonly clock = new FakeClock();
  readonly transports: readonly [ScriptedTransport, ...ScriptedTransport[]];
  readonly connection: ClientConnection;
  /** As they were told. */
  readonly statuses: ClientStatus[] = [];
  /** What was logged. */
  readonly log: string[] = [];
  /** Told of statuses too. */
  onStatus: (status: ClientStatus) => void = () => {};

  /** @param transportCount they are called `a`, `b`, … */
  constructor(options: Partial<ConnectionOptions> = {}, transportCount = 1) {
    const names = ["a", "b", "c"].slice(0, transportCount);
    const [first, ...others] = names.map((name) => new ScriptedTransport(name, this.clock));
    this.transports = [first as ScriptedTransport, ...others];
    const note = (message: string): void => void this.log.push(message);
    this.connection = new ClientConnection({
      transports: this.transports,
      local: newPeer("rig"),
      limits: resolveLimits(),
      clock: this.clock,
      logger: { trace: note, debug: note, info: note, warn: note, error: note },
      codecs: [jsonCodec],
      credentials: undefined,
      reconnect: new ReconnectPolicy({ jitter: "none" }),
      keepsSession: true,
      peerCalls: () => refuseCalls,
      onStatus: (status) => {
        this.statuses.push(status);
        this.onStatus(status);
      },
      ...options,
    });
  }

  /** The first transport. */
  get far(): ScriptedTransport {
    return this.transports[0];
  }

  /** How often each transport was tried. */
  get attempts(): number[] {
    return this.transports.map(({ attempts }) => attempts);
  }

  async run(): Promise<void> {
    for (let round = 0; round < 8; round++) await this.clock.advance(0);
  }

  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms);
    await this.run();
  }

  /** Begins, and goes on until nothing more happens without time. */
  async start(): Promise<void> {
    this.connection.start();
    await this.run();
  }

  /** What somebody gets who waits from now on; `undefined` as long as he waits. */
  async outcome(waiting: Promise<Session>): Promise<Session | SluiceError | undefined> {
    let outcome: Session | SluiceError | undefined;
    const note = (settled: Session | SluiceError): void => {
      outcome = settled;
    };
    waiting.then(note, note);
    await this.run();
    return outcome;
  }

  /** Closes, and proves that no link and no timer is left. */
  async end(): Promise<void> {
    this.connection.close(new SluiceError("CANCELLED", "The test is over"));
    await this.run();
    for (const { sessions } of this.transports) {
      for (const session of sessions) expect(session.state.name).toBe("closed");
    }
    expect(this.clock.nextTimerMs, "timers that are left").toBeUndefined();
  }
}
