/**
 * The soak: clients over every transport call two servers for as long as is wanted, while something fails every 200 ms; and what is left then.
 *
 * Servers and clients are processes of their own, the proxies between them are here. One server is drained or killed from time to time, and started
 * anew; the other one stays, and of its clients' calls none may fail. What stays may be suspended, and some of the clients are killed.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Dice } from "@sluice/protocol/testing";
import type { Child } from "@sluice/protocol/testing/node";
import type { Inventory } from "./inventory.ts";
import { coolDown, inventoryOf, keptSeconds, settled } from "./settle.ts";
import type { SoakCounts } from "./soak-clients.ts";
import { type FaultCounts, SoakFaults, type SuspendedProcess } from "./soak-faults.ts";
import { plansFor, ranAfterAll, ranAgain, SoakClients, SoakServer } from "./soak-processes.ts";

export interface SoakOptions {
  readonly seconds: number;
  readonly connections: number;
  /** So many of them are killed after each rest, and others come. Their sessions have to be over before the next one. */
  readonly killed: number;
  readonly seed: number;
  /** Between two samples. */
  readonly sampleSeconds: number;
  /** Between two restarts of the server that does not stay. */
  readonly restartSeconds: number;
  /** When faults and calls rest for a moment for the first time: what is held at the end is compared with what is held then. */
  readonly restAt: number;
  /** Between two such rests. */
  readonly restSeconds: number;
}

/** What a process held at a time. */
export interface SoakSample {
  /** Seconds from the beginning. */
  readonly at: number;
  readonly inventory: Inventory;
}

export interface SoakProcess {
  readonly name: string;
  /** Once everything had been used once, and was over. */
  readonly start: Inventory;
  readonly samples: readonly SoakSample[];
  /** With all clients connected, and no call: the last one at the end. None of a process that does not stay. */
  readonly rests: readonly SoakSample[];
  /** After the cool-down. */
  readonly end: Inventory;
}

export interface SoakResult {
  readonly counts: SoakCounts;
  readonly faults: FaultCounts;
  /** How often the server that does not stay was started anew. */
  readonly restarts: number;
  readonly processes: readonly SoakProcess[];
}

/** Until all clients are connected once faults rest, s. */
const connectedSeconds = 30;
/** Between two faults, ms. */
const faultEveryMs = 200;

/** A process that is looked at. */
interface Watched {
  readonly name: string;
  readonly child: () => Child;
  readonly start: Inventory;
  readonly samples: SoakSample[];
  /** Absent for one that does not stay: what another process held is no measure for it. */
  readonly rests?: SoakSample[];
}

class Soak {
  readonly #options: SoakOptions;
  readonly #tell: (line: string) => void;
  readonly #steady: SoakServer;
  readonly #restarted: SoakServer;
  readonly #clients: SoakClients;
  readonly #mortal: SoakClients;
  readonly #faults: SoakFaults;
  readonly #counts: SoakCounts[] = [];
  #watched: readonly Watched[] = [];
  #beganAt = 0;
  #restarts = 0;
  #isResting = false;
  /** The restart that goes on, or the last one. */
  #restarting: Promise<void> = Promise.resolve();
  #isOver = false;

  constructor(
    options: SoakOptions,
    tell: (line: string) => void,
    [steady, restarted]: readonly [SoakServer, SoakServer],
    [clients, mortal]: readonly [SoakClients, SoakClients],
  ) {
    this.#options = options;
    this.#tell = tell;
    this.#steady = steady;
    this.#restarted = restarted;
    this.#clients = clients;
    this.#mortal = mortal;
    const proxies = [...steady.proxies, ...restarted.proxies];
    this.#faults = new SoakFaults(Dice.seeded(options.seed), proxies, () => this.#suspendable());
  }

  async run(): Promise<SoakResult> {
    const { seed, connections, killed } = this.#options;
    await this.#lookFirst();
    await this.#clients.call(plansFor(connections - killed, seed, this.#steady, this.#restarted));
    await this.#callMortally();
    this.#beganAt = performance.now();
    const goingOn = [this.#failOn(), this.#restartOn(), this.#lookOn()];
    try {
      await Promise.all(goingOn);
    } finally {
      // Before anybody ends the processes.
      this.#isOver = true;
      this.#faults.heal();
      await Promise.allSettled(goingOn);
    }
    await this.#rest();
    for (const clients of [this.#clients, this.#mortal]) this.#counts.push(await clients.stop());
    // Nobody else asks those that do not stay.
    const { troubles } = await inventoryOf(this.#mortal.child);
    if (troubles.length > 0) throw new Error(`Clients were in trouble: ${troubles.join("; ")}`);
    const processes = await Promise.all(
      this.#watched.map(async ({ name, child, start, samples, rests = [] }) => {
        return { name, start, samples, rests, end: await coolDown(child(), start) };
      }),
    );
    return {
      counts: sumOf(this.#counts),
      faults: this.#faults.counts,
      restarts: this.#restarts,
      processes,
    };
  }

  /** Uses everything once, so that what is made but once is there, and looks at what is held then. */
  async #lookFirst(): Promise<void> {
    const [steady, restarted, clients] = [this.#steady, this.#restarted, this.#clients];
    await clients.call(plansFor(20, this.#options.seed + 2, steady, restarted));
    await pause(2_000);
    await clients.stop();
    const processes = [
      { name: "server", child: () => steady.child, rests: [] },
      { name: "clients", child: () => clients.child, rests: [] },
      { name: "server that is started anew", child: () => restarted.child },
    ];
    this.#watched = await Promise.all(
      processes.map(async (one) => ({ ...one, start: await settled(one.child()), samples: [] })),
    );
  }

  /** Whether faults go on. */
  get #isOn(): boolean {
    return !this.#isOver && this.#elapsed < this.#options.seconds;
  }

  get #elapsed(): number {
    return (performance.now() - this.#beganAt) / 1_000;
  }

  #suspendable(): readonly SuspendedProcess[] {
    return [
      { name: "a server", pid: this.#steady.child.pid as number },
      { name: "clients", pid: this.#clients.child.pid as number },
    ];
  }

  async #callMortally(): Promise<void> {
    const { killed, seed } = this.#options;
    if (killed > 0) await this.#mortal.call(plansFor(killed, seed + 3, this.#steady, this.#restarted));
  }

  /** A fault again and again, until the time is over. */
  async #failOn(): Promise<void> {
    for (let next = 1; this.#isOn; next++) {
      if (!this.#isResting) this.#faults.make();
      await pause(Math.max(0, next * faultEveryMs - 1_000 * this.#elapsed));
    }
  }

  /** Has one server drain, and the next time die. */
  async #restartOn(): Promise<void> {
    const { restartSeconds, seconds } = this.#options;
    for (;;) {
      const next = (this.#restarts + 1) * restartSeconds;
      if (next > seconds - 2) return;
      while (this.#isOn && (this.#isResting || this.#elapsed < next)) await pause(100);
      if (!this.#isOn) return;
      this.#restarting = this.#restart();
      await this.#restarting;
    }
  }

  async #restart(): Promise<void> {
    if (this.#restarts % 2 === 0) await this.#restarted.restart();
    else {
      await this.#restarted.die();
      this.#faults.count("kill -9 of a server");
    }
    this.#restarts++;
  }

  /** Lets everything end but the connections, and looks; then some of the clients die. */
  async #rest(): Promise<void> {
    this.#isResting = true;
    this.#faults.heal();
    for (const server of [this.#steady, this.#restarted]) server.heal();
    await this.#restarting;
    const all = [this.#clients, this.#mortal];
    await Promise.all(all.map((clients) => clients.rest()));
    await this.#allConnected();
    await pause(1_000 * keptSeconds);
    for (const { child, rests } of this.#watched) {
      rests?.push({ at: this.#elapsed, inventory: await inventoryOf(child()) });
    }
    await Promise.all(all.map((clients) => clients.goOn()));
    this.#isResting = false;
    if (this.#options.killed === 0 || this.#elapsed >= this.#options.seconds) return;
    await pause(1_000); // so that they call
    this.#counts.push(await this.#mortal.die());
    this.#faults.count("kill -9 of clients");
    await this.#callMortally();
  }

  /** @throws {Error} if it takes too long: then what is held says nothing */
  async #allConnected(): Promise<void> {
    const { connections } = this.#options;
    const children = [this.#clients.child, this.#mortal.child];
    for (const giveUpAt = performance.now() + 1_000 * connectedSeconds; ; await pause(500)) {
      const inventories = await Promise.all(children.map(inventoryOf));
      const there = inventories.reduce((sum, one) => sum + one.connections, 0);
      if (there === connections) return;
      if (performance.now() > giveUpAt) throw new Error(`${there} of ${connections} clients are back`);
    }
  }

  /** Looks at what is held again and again, and rests. */
  async #lookOn(): Promise<void> {
    while (this.#isOn) await this.#look();
  }

  async #look(): Promise<void> {
    const { restAt, restSeconds, sampleSeconds, seconds } = this.#options;
    const rests = this.#watched[0]?.rests?.length ?? 0;
    if (this.#elapsed >= restAt + restSeconds * rests) await this.#rest();
    await pause(1_000 * Math.min(sampleSeconds, Math.max(0.1, seconds - this.#elapsed)));
    for (const { name, child, samples, rests: stays } of this.#watched) {
      // The other one may be about to end.
      if (stays === undefined) continue;
      const inventory = await inventoryOf(child());
      samples.push({ at: this.#elapsed, inventory });
      const { heapUsed, rss, descriptors, connections } = inventory;
      const [heap, resident] = [heapUsed, rss].map((bytes) => `${(bytes / 1_024).toFixed(0)} KiB`);
      this.#tell(
        `${this.#elapsed.toFixed(0)} s, ${name}: heap ${heap}, resident ${resident}, ${descriptors} descriptors, ${connections} connections`,
      );
    }
  }
}

function sumOf(all: readonly SoakCounts[]): SoakCounts {
  const sum = (of: (counts: SoakCounts) => number): number => all.reduce((total, one) => total + of(one), 0);
  return {
    calls: sum(({ calls }) => calls),
    messages: sum(({ messages }) => messages),
    lost: sum(({ lost }) => lost),
    refused: sum(({ refused }) => refused),
    nowhere: all.flatMap(({ nowhere }) => nowhere),
    violations: all.flatMap(({ violations }) => violations),
  };
}

/** Runs it. `tell` hears of each sample. */
export async function runSoak(options: SoakOptions, tell: (line: string) => void): Promise<SoakResult> {
  const folder = mkdtempSync(join(tmpdir(), "soak-"));
  const ranFile = join(folder, "ran");
  writeFileSync(ranFile, "");
  const closing: (() => Promise<unknown>)[] = [];
  const server = async (name: string, seed: number): Promise<SoakServer> => {
    const started = await SoakServer.start(folder, name, ranFile, seed);
    closing.unshift(() => started.close());
    return started;
  };
  const clients = async (): Promise<SoakClients> => {
    const started = await SoakClients.start();
    closing.unshift(() => started.child.kill());
    return started;
  };
  try {
    const servers = [
      await server("steady", options.seed),
      await server("restarted", options.seed + 1),
    ] as const;
    const result = await new Soak(options, tell, servers, [await clients(), await clients()]).run();
    const { nowhere, violations: seen } = result.counts;
    const violations = [...seen, ...ranAgain(ranFile), ...ranAfterAll(ranFile, nowhere)];
    return { ...result, counts: { ...result.counts, violations } };
  } finally {
    for (const close of closing) await close();
    rmSync(folder, { recursive: true });
  }
}
