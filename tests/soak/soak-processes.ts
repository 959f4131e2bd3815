/** The processes of the soak: servers behind their proxies, clients that stay, and clients that are killed. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Child, faultProxy, httpFaultProxy, inChild } from "@sluice/protocol/testing/node";
import { builtProgram } from "../built-program.ts";
import type { SoakClientPlan, SoakCounts } from "./soak-clients.ts";
import type { SoakProxy } from "./soak-faults.ts";
import type { SoakAddresses } from "./soak-server.ts";

export const schemes = ["unix", "tcp", "tls", "ws", "http"] as const;

function startChild(script: string, ...args: string[]): Child {
  return inChild(builtProgram(new URL(`./${script}`, import.meta.url)), {
    execArgv: [],
    args,
    deadlineMs: 120_000,
  });
}

export class SoakServer {
  readonly proxies: SoakProxy[] = [];
  child: Child;
  readonly #ranFile: string;
  #addresses: SoakAddresses;

  private constructor(ranFile: string, child: Child, addresses: SoakAddresses) {
    this.#ranFile = ranFile;
    this.child = child;
    this.#addresses = addresses;
  }

  /** `ranFile`: where it writes down what its handler of `place` was run for. */
  static async start(folder: string, name: string, ranFile: string, seed: number): Promise<SoakServer> {
    const wanted: SoakAddresses = { unix: join(folder, `${name}.sock`), tcp: 0, tls: 0, ws: 0, http: 0 };
    const child = startChild("soak-server.ts", JSON.stringify(wanted), ranFile);
    const server = new SoakServer(ranFile, child, (await child.message()) as SoakAddresses);
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
    const { code, signal, stderr } = await this.child.end();
    // 1 is a drain that took too long, as with a call whose way is swallowed.
    const isWell = (code === 0 || code === 1) && stderr === "";
    if (!isWell) throw new Error(`A server that was drained ended with ${signal ?? code}: ${stderr}`);
    await this.#startAgain();
  }

  /** Kills it, and starts another process at the same addresses. */
  async die(): Promise<void> {
    const { stderr } = await this.child.kill();
    if (stderr !== "") throw new Error(`A server was in trouble before it was killed: ${stderr}`);
    await this.#startAgain();
  }

  /** What is done to what is open ends; what is new is well. */
  heal(): void {
    for (const one of this.proxies) {
      one.proxy.set({});
      one.proxy.heal();
      if (one.scheme !== "http") for (const connection of one.proxy.connections) connection.cut();
    }
  }

  async close(): Promise<void> {
    await this.child.kill();
    for (const { proxy } of this.proxies) await proxy.close();
  }

  async #startAgain(): Promise<void> {
    this.child = startChild("soak-server.ts", JSON.stringify(this.#addresses), this.#ranFile);
    await this.child.message();
  }
}

/** Clients in a process of their own. */
export class SoakClients {
  child: Child;

  private constructor(child: Child) {
    this.child = child;
  }

  static async start(): Promise<SoakClients> {
    const child = startChild("soak-clients.ts");
    await child.message();
    return new SoakClients(child);
  }

  async call(plans: readonly SoakClientPlan[]): Promise<void> {
    await this.child.ask({ start: plans });
  }

  /** Begins no call any more, and lets those that run end. */
  async rest(): Promise<void> {
    await this.child.ask("rest");
  }

  async goOn(): Promise<void> {
    await this.child.ask("go on");
  }

  /** Finishes its calls and disposes of the clients. */
  async stop(): Promise<SoakCounts> {
    return (await this.child.ask("stop")) as SoakCounts;
  }

  /** Kills them in the midst of what they do, and starts a process that has none yet. Gives what they had counted. */
  async die(): Promise<SoakCounts> {
    const counts = (await this.child.ask("counts")) as SoakCounts;
    const { stderr } = await this.child.kill();
    this.child = (await SoakClients.start()).child;
    return stderr === "" ? counts : { ...counts, violations: [...counts.violations, stderr] };
  }
}

/** The clients: half of them know the server that stays, the others both. */
export function plansFor(
  count: number,
  seed: number,
  steady: SoakServer,
  restarted: SoakServer,
): SoakClientPlan[] {
  return Array.from({ length: count }, (_, at) => {
    const scheme = schemes[at % schemes.length] as (typeof schemes)[number];
    const isSteady = Math.floor(at / schemes.length) % 2 === 0;
    const addresses = [...(isSteady ? [] : [restarted.address(scheme)]), steady.address(scheme)];
    return { addresses, isSteady, seed: seed * 1_000 + at };
  });
}

/** What was run more than once, by whichever server. */
export function ranAgain(ranFile: string): string[] {
  const seen = new Set<string>();
  return readFileSync(ranFile, "utf8")
    .split("\n")
    .filter((number) => number !== "" && seen.size === seen.add(number).size)
    .map((number) => `place ${number} was run again by another process`);
}

/** What was run although its caller was told that it had run nowhere. */
export function ranAfterAll(ranFile: string, nowhere: readonly number[]): string[] {
  const ran = new Set(readFileSync(ranFile, "utf8").split("\n"));
  return nowhere
    .filter((number) => ran.has(String(number)))
    .map((number) => `place ${number} has run, and its caller was told that it has not`);
}
