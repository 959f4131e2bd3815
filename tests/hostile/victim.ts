/** A server under attack: the process that it runs in, an honest client beside the attackers, and what is measured. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@sluice/client";
import type { RawPeer } from "@sluice/protocol/testing";
import { type Child, type ConnectRawOptions, connectRaw, inChild } from "@sluice/protocol/testing/node";
import { SocketTransport } from "@sluice/transport-socket";
import { expect } from "vitest";
import { builtProgram } from "../built-program.ts";
import type { Memory } from "./children/report.ts";
import { type HostileProtocol, protocol } from "./protocol.ts";

/** How a child of these tests is started, which is built from sources: with a heap of 128 MiB. */
export const childOptions = {
  execArgv: ["--expose-gc"],
  heapMiB: 128,
};

/**
 * ms for servers whose handshakes are waited for in vain: the default is 5 s. Two hundred peers that shake hands at once take a
 * tenth of this, and a machine under load may take several times as long.
 */
export const handshakeTimeout = 2_000;

export interface ServerReport extends Memory {
  /** Handlers that were started, by procedure. */
  readonly started: Readonly<Record<string, number>>;
  /** Why connections ended or were refused, since the last report. */
  readonly endings: readonly string[];
  readonly troubles: readonly string[];
  /** Every line that was logged since the last report, its fields inspected to any depth. */
  readonly logged: readonly string[];
  readonly connections: number;
  readonly openCalls: number;
  readonly runningHandlers: number;
  /** The most handlers of `ignore` that ever ran at once, counted by themselves. */
  readonly mostIgnoring: number;
  readonly cpuMs: number;
}

export interface StartOptions {
  readonly scheme?: "unix" | "tcp";
  readonly script?: "server" | "user-server";
  /** Of the honest client. */
  readonly credentials?: string;
}

export const KiB = 1_024;
export const MiB = 1_024 * KiB;

export class Victim {
  readonly address: string;
  readonly honest: Client<HostileProtocol>;
  readonly #child: Child;
  readonly #folder: string;
  readonly #attackers: RawPeer[] = [];

  private constructor(child: Child, folder: string, address: string, credentials: string | undefined) {
    this.#child = child;
    this.#folder = folder;
    this.address = address;
    this.honest = new Client({
      protocol,
      transport: new SocketTransport({ socket: address }),
      reconnect: false,
      credentials,
    });
  }

  /** Starts a server with `options`: that of `children/<script>.ts`. */
  static async start(
    options: object = {},
    { scheme = "unix", script: name = "server", credentials }: StartOptions = {},
  ): Promise<Victim> {
    const folder = mkdtempSync(join(tmpdir(), "victim-"));
    const script = builtProgram(new URL(`./children/${name}.ts`, import.meta.url));
    const address = scheme === "unix" ? `unix:${join(folder, "victim.sock")}` : "tcp://127.0.0.1:0";
    const args = [JSON.stringify({ address, ...options })];
    const child = inChild(script, { ...childOptions, args });
    const victim = new Victim(child, folder, (await child.message()) as string, credentials);
    await victim.honest.request("echo", { param: "warm" });
    return victim;
  }

  /** A raw peer that has said nothing. It ends with the attack, or by {@link dropAttackers}. */
  async connect(options: ConnectRawOptions = {}): Promise<RawPeer> {
    for (;;) {
      try {
        const peer = await connectRaw(this.address, options);
        this.#attackers.push(peer);
        return peer;
      } catch (error) {
        // The system queues some hundreds that nobody has accepted yet, and refuses more: the server has its turn first.
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
        await this.glance();
      }
    }
  }

  /** Ends every raw peer that is still there. */
  dropAttackers(): void {
    for (const peer of this.#attackers.splice(0)) peer.destroy();
  }

  /** A raw peer that has shaken hands, with `changes` to its HELLO. */
  async session(
    changes: Readonly<Record<string, unknown>> = {},
    options: ConnectRawOptions = {},
  ): Promise<RawPeer> {
    const peer = await this.connect(options);
    await peer.shakeHands(changes);
    return peer;
  }

  /** What the server says of itself, after its garbage was collected. */
  report(): Promise<ServerReport> {
    return this.#ask("report");
  }

  /** The same without a collection: the memory that it tells includes garbage. */
  glance(): Promise<ServerReport> {
    return this.#ask("glance");
  }

  async #ask(question: "report" | "glance"): Promise<ServerReport> {
    const report = (await this.#child.ask(question)) as ServerReport;
    expect(report.troubles).toEqual([]);
    return report;
  }

  /** Tells the server something, and gives its answer. */
  tell(message: object): Promise<unknown> {
    return this.#child.ask(message);
  }

  /** Runs `attack` while an honest client calls without pause. Proves that none of its calls failed, and gives their number. */
  async besideHonest(attack: () => Promise<void>): Promise<number> {
    let isOver = false;
    let calls = 0;
    const honest = (async () => {
      do {
        expect(await this.honest.request("echo", { param: calls })).toBe(calls);
        calls++;
      } while (!isOver);
    })();
    try {
      await attack();
    } finally {
      isOver = true;
      this.dropAttackers();
      await honest;
    }
    return calls;
  }

  /**
   * Runs `attack` as {@link besideHonest}, and proves that afterwards nothing of the attackers is left. Gives the reports before and
   * after.
   */
  async unharmedBy(
    attack: () => Promise<void>,
  ): Promise<{ before: ServerReport; after: ServerReport; calls: number }> {
    const before = await this.report();
    const calls = await this.besideHonest(attack);
    // Only the honest client is still there, once the server has seen the attackers go and the client's last DONE has come.
    await expect
      .poll(
        async () => {
          const { connections, openCalls, runningHandlers } = await this.glance();
          return { connections, openCalls, runningHandlers };
        },
        { interval: 10, timeout: 5_000 },
      )
      .toEqual({ connections: 1, openCalls: 0, runningHandlers: 0 });
    return { before, after: await this.report(), calls };
  }

  /** Ends server and client. Proves that the server ends by itself. */
  async stop(): Promise<void> {
    await this.honest.dispose();
    await this.report();
    expect(await this.#child.ask("dispose")).toBe("disposed");
    expect(await this.#child.end()).toMatchObject({ code: 0, stderr: "" });
    rmSync(this.#folder, { recursive: true });
  }
}

/** By how much `after` exceeds `before`, in whole KiB. */
export function growth(before: Memory, after: Memory): { rssKiB: number; heldKiB: number } {
  return {
    rssKiB: Math.round((after.rss - before.rss) / KiB),
    heldKiB: Math.round((after.held - before.held) / KiB),
  };
}
