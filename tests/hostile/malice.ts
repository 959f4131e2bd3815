/** A malicious server played by hand: our clients that meet it, in a process of their own, and an honest server beside it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RawPeer, rawType } from "@sluice/protocol/testing";
import { type Child, inChild, listenRaw, type RawListener } from "@sluice/protocol/testing/node";
import { Server } from "@sluice/server";
import { expect } from "vitest";
import { builtProgram } from "../built-program.ts";
import type { Attempt, AttemptEnd } from "./children/client.ts";
import type { Memory } from "./children/report.ts";
import { protocol } from "./protocol.ts";
import { childOptions } from "./victim.ts";

type HonestServer = Server<{ echo: typeof protocol.echo }>;

export class Malice {
  readonly listener: RawListener;
  readonly #folder: string;
  readonly #child: Child;
  readonly #honest: HonestServer;

  private constructor(folder: string, listener: RawListener, child: Child, honest: HonestServer) {
    this.#folder = folder;
    this.listener = listener;
    this.#child = child;
    this.#honest = honest;
  }

  static async start(): Promise<Malice> {
    const folder = mkdtempSync(join(tmpdir(), "malice-"));
    const listener = await listenRaw(`unix:${join(folder, "malice.sock")}`);
    const honest = new Server({
      protocol: { echo: protocol.echo },
      public: true,
      handlers: { echo: ({ param }) => param },
    });
    const [address = ""] = await honest.listen(`unix:${join(folder, "honest.sock")}`);
    const script = builtProgram(new URL("./children/client.ts", import.meta.url));
    const child = inChild(script, { ...childOptions, args: [listener.address, address] });
    expect(await child.message()).toBe("started");
    return new Malice(folder, listener, child, honest);
  }

  /** Has a new client do `attempt`, and plays its server. Proves that the honest server was called meanwhile, and answered. */
  async play(attempt: Attempt, server: (peer: RawPeer) => Promise<void>): Promise<AttemptEnd> {
    const ending = this.#child.ask(attempt) as Promise<AttemptEnd>;
    const peer = await this.listener.accept();
    try {
      await server(peer);
    } finally {
      peer.end();
      await ending;
    }
    const end = await ending;
    expect(end.neighbourCalls).toBeGreaterThan(0);
    return end;
  }

  /** Memory of the clients' process. Proves that nothing was thrown where nobody caught it. */
  async report(): Promise<Memory> {
    const said = (await this.#child.ask("report")) as Memory & { readonly troubles: readonly string[] };
    expect(said.troubles).toEqual([]);
    return said;
  }

  /** Proves that the clients' process ends by itself. */
  async stop(): Promise<void> {
    await this.report();
    this.#child.disconnect();
    expect(await this.#child.end()).toMatchObject({ code: 0, stderr: "" });
    await this.#honest.dispose();
    await this.listener.close();
    rmSync(this.#folder, { recursive: true });
  }
}

/** Welcomes the client and gives the id of its call. */
export async function welcome(
  peer: RawPeer,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<number> {
  await peer.shakeHands(changes);
  return (await peer.next(rawType.OPEN)).call;
}

/** The code with which the other side leaves. */
export async function closingCode(peer: RawPeer): Promise<unknown> {
  return (await peer.closing()).code;
}
