/**
 * The soak: clients over every transport call two servers for as long as is wanted, while something fails every 200 ms; and what is left then.
 *
 * Servers and clients are processes of their own, the proxies between them are here. One server is drained and started anew from time to time;
 * the other one stays, and of its clients' calls none may fail.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Dice } from "@sluice/protocol/testing";
import { type Child, faultProxy, httpFaultProxy, inChild } from "@sluice/protocol/testing/node";
import { builtProgram } from "../built-program.ts";
import type { Inventory } from "./inventory.ts";
import type { SoakClientPlan, SoakCounts } from "./soak-clients.ts";
import { type FaultCounts, makeFault, type SoakProxy } from "./soak-faults.ts";
import type { SoakAddresses } from "./soak-server.ts";

export interface SoakOptions {
  readonly seconds: number;
  readonly connections: number;
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
  /** With all clients connected, and no call: the last one at the end. */
  readonly rests: readonly SoakSample[];
  /** After the cool-down. */
  readonly end: Inventory;
}

export interface SoakResult {
  readonly counts: SoakCounts;
  readonly faults: FaultCounts;
  readonly restarts: number;
  readonly processes: readonly SoakProcess[];
}

/** Between two faults, ms. */
const faultEveryMs = 200;
/** Until all is over that was begun, s; what is left then is a leak. */
const coolDownSeconds = 90;

const schemes = ["unix", "tcp", "tls", "ws", "http"] as const;

class SoakServer {
  readonly proxies: SoakProxy[] = [];
  child: Child;
  readonly #folder: string;
  #addresses: SoakAddresses;

  private constructor(folder: string, child: Child, addresses: SoakAddresses) {
    this.#folder = folder;
    this.child = child;
    this.#addresses = addresses;
  }

  static async start(folder: string, name: string, seed: number): Promise<SoakServer> {
    const wanted: SoakAddresses = { unix: join(folder, `${name}.sock`), tcp: 0, tls: 0, ws: 0, http: 0 };
    const child = startChild("soak-server.ts", JSON.stringify(wanted));
    const server = new SoakServer(folder, child, (await child.message()) as SoakAddresses);
    const { unix, tcp, tls, ws, http } = server.#addresses;
    const near = "tcp://127.0.0.1:0";
    server.proxies.push(
      {
        scheme: "unix",
        proxy: await faultProxy(`unix:${join(folder, `${name}.proxy`)}`, `unix:${unix}`, { seed }),
      },
      { scheme: "tcp", proxy: await faultProxy(near, `tcp://127.0.0.1:${tcp}`, { seed }) },
      { scheme: "tls", proxy: await faultProxy(near, `tcp://127.0.0.1:${tls}`, { seed }) },
      { scheme: "ws", proxy: await faultProxy(near, `tcp://127.0.0.1:${ws}`, { seed }) },
      { scheme: "http", proxy: await httpFaultProxy(`http://127.0.0.1:${http}`) },
    );
    return server;
  }

  /** What a client connects to. */
  address(scheme: (typeof schemes)[number]): string {
    const found = this.proxies.find((one) => one.scheme === scheme);
    if (found === undefined) throw new TypeError(`There is no proxy for ${scheme}`);
    if (found.scheme === "http") return `${found.proxy.origin}/`;
    const { address } = found.proxy;
    if (scheme === "tls") return address.replace("tcp:", "tls:");
    return scheme === "ws" ? `${address.replace("tcp:", "ws:")}/` : address;
  }

  /** Drains it, and starts another process at the same addresses. */
  async restart(): Promise<void> {
    process.kill(this.child.pid as number, "SIGTERM");
    await this.child.end();
    this.child = startChild("soak-server.ts", JSON.stringify(this.#addresses));
    await this.child.message();
  }

  /** What is done to what is open ends; what is new is well. */
  heal(): void {
    for (const one of this.proxies) {
      one.proxy.set({});
      if (one.scheme === "http") one.proxy.heal();
      else for (const connection of one.proxy.connections) connection.cut();
    }
  }

  async close(): Promise<void> {
    await this.child.kill();
    for (const { proxy } of this.proxies) await proxy.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function startChild(script: string, ...args: string[]): Child {
  return inChild(builtProgram(new URL(`./${script}`, import.meta.url)), {
    execArgv: [],
    args,
    deadlineMs: 120_000,
  });
}

/** Connections of HTTP that are kept for the next request are closed after 5 s. */
const keptSeconds = 8;

/** What a process holds once nothing is open, and it has been the same for as long as anything is kept. */
async function settled(child: Child): Promise<Inventory> {
  let last = (await child.ask("report")) as Inventory;
  for (let since = performance.now(); performance.now() - since < 1_000 * keptSeconds; ) {
    await pause(500);
    const now = (await child.ask("report")) as Inventory;
    if (now.connections > 0 || !isSame(last, now)) since = performance.now();
    last = now;
  }
  return last;
}

/** Asks until it holds what it held at the start, or the time is over. */
async function coolDown(child: Child, start: Inventory): Promise<Inventory> {
  for (const giveUpAt = performance.now() + 1_000 * coolDownSeconds; ; ) {
    const now = (await child.ask("report")) as Inventory;
    if (isSame(start, now) || performance.now() > giveUpAt) return now;
    await pause(500);
  }
}

/** Whether calls, timers, listeners and descriptors are what they were. */
export function isSame(start: Inventory, end: Inventory): boolean {
  return JSON.stringify(heldOf(start)) === JSON.stringify(heldOf(end));
}

/** What has to be the same before and after. */
export function heldOf({ heapUsed: _, rss: __, troubles: ___, resources, ...held }: Inventory): object {
  return { ...held, resources: Object.fromEntries(Object.entries(resources).sort()) };
}

/** The clients: half of them know the server that stays, the others both. */
function plansFor(count: number, seed: number, steady: SoakServer, restarted: SoakServer): SoakClientPlan[] {
  return Array.from({ length: count }, (_, at) => {
    const scheme = schemes[at % schemes.length] as (typeof schemes)[number];
    const isSteady = Math.floor(at / schemes.length) % 2 === 0;
    const addresses = [...(isSteady ? [] : [restarted.address(scheme)]), steady.address(scheme)];
    return { addresses, isSteady, seed: seed * 1_000 + at };
  });
}

/** Runs it. `tell` hears of each sample. */
export async function runSoak(options: SoakOptions, tell: (line: string) => void): Promise<SoakResult> {
  const { seconds, connections, seed, sampleSeconds, restartSeconds, restAt, restSeconds } = options;
  const folders = [0, 1].map(() => mkdtempSync(join(tmpdir(), "soak-")));
  const dice = Dice.seeded(seed);
  const steady = await SoakServer.start(folders[0] as string, "steady", seed);
  const restarted = await SoakServer.start(folders[1] as string, "restarted", seed + 1);
  const clients = startChild("soak-clients.ts");
  try {
    await clients.message();
    // Once of everything, so that what is made but once is there.
    await clients.ask({ start: plansFor(20, seed + 2, steady, restarted) });
    await pause(2_000);
    await clients.ask("stop");
    const watched = [
      {
        name: "server",
        child: steady.child,
        start: await settled(steady.child),
      },
      { name: "clients", child: clients, start: await settled(clients) },
    ];
    const samples: SoakSample[][] = watched.map(() => []);
    const rests: SoakSample[][] = watched.map(() => []);
    let isResting = false;
    /** Lets everything end but the connections, and looks. */
    const rest = async (): Promise<void> => {
      isResting = true;
      for (const server of [steady, restarted]) server.heal();
      await clients.ask("rest");
      await pause(1_000 * keptSeconds);
      for (const [at, { child }] of watched.entries()) {
        rests[at]?.push({ at: elapsed(), inventory: (await child.ask("report")) as Inventory });
      }
      await clients.ask("go on");
      isResting = false;
    };
    const faults: FaultCounts = {};
    let restarts = 0;
    await clients.ask({ start: plansFor(connections, seed, steady, restarted) });
    const beganAt = performance.now();
    const elapsed = (): number => (performance.now() - beganAt) / 1_000;
    const proxies = [...steady.proxies, ...restarted.proxies];
    const faulting = (async () => {
      for (let next = 1; elapsed() < seconds; next++) {
        const kind = isResting ? undefined : makeFault(dice, proxies);
        if (kind !== undefined) faults[kind] = (faults[kind] ?? 0) + 1;
        await pause(Math.max(0, next * faultEveryMs - 1_000 * elapsed()));
      }
    })();
    const restarting = (async () => {
      for (;;) {
        const next = (restarts + 1) * restartSeconds;
        if (next > seconds - 2) return;
        await pause(Math.max(0, 1_000 * (next - elapsed())));
        await restarted.restart();
        restarts++;
      }
    })();
    while (elapsed() < seconds) {
      if (elapsed() >= restAt + restSeconds * (rests[0]?.length ?? 0)) await rest();
      await pause(1_000 * Math.min(sampleSeconds, Math.max(0.1, seconds - elapsed())));
      for (const [at, { name, child }] of watched.entries()) {
        const inventory = (await child.ask("report")) as Inventory;
        samples[at]?.push({ at: elapsed(), inventory });
        tell(
          `${elapsed().toFixed(0)} s, ${name}: heap ${(inventory.heapUsed / 1_024).toFixed(0)} KiB, resident ${(inventory.rss / 1_024).toFixed(0)} KiB, ${inventory.descriptors} descriptors, ${inventory.connections} connections`,
        );
      }
    }
    await Promise.all([faulting, restarting]);
    await rest();
    const counts = (await clients.ask("stop")) as SoakCounts;
    // Others first: what they hold open ends with them.
    const processes: SoakProcess[] = [];
    for (const [at, { name, child, start }] of [...watched.entries()].reverse()) {
      const end = await coolDown(child, start);
      processes.unshift({ name, start, samples: samples[at] ?? [], rests: rests[at] ?? [], end });
    }
    return { counts, faults, restarts, processes };
  } finally {
    await clients.kill();
    await steady.close();
    await restarted.close();
  }
}
