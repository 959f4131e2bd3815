/** Strangers at every kind of port: a MiB of garbage, and 200 that say nothing. All are gone in time, and nobody else notices. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { Client } from "@sluice/client";
import { Dice, rawBytes } from "@sluice/protocol/testing";
import { type Child, connectedSocket, inChild } from "@sluice/protocol/testing/node";
import { openPipe, SocketTransport } from "@sluice/transport-socket";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { builtProgram } from "../built-program.ts";
import { pem } from "./certificates.ts";
import type { Ports } from "./children/ports.ts";
import type { Memory } from "./children/report.ts";
import { protocol } from "./protocol.ts";
import { childOptions, growth, KiB, MiB } from "./victim.ts";

/** ms; pipes find out twice as late, by a ping and the lack of an answer. */
const handshakeTimeout = 600;
/** What the timers of a busy machine may add, ms. */
const slackMs = 1_000;
const seed = Date.now() % 2 ** 31;

interface Report extends Memory {
  readonly troubles: readonly string[];
  readonly started: number;
  readonly open: number;
}

let folder: string;
let child: Child;
let ports: Ports;
let honest: Client<{ echo: typeof protocol.echo }>;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ports-"));
  const args = [JSON.stringify({ folder, handshakeTimeout })];
  child = inChild(builtProgram(new URL("./children/ports.ts", import.meta.url)), { ...childOptions, args });
  ports = (await child.message()) as Ports;
  const transport = new SocketTransport({ socket: ports.unix });
  honest = new Client({ protocol: { echo: protocol.echo }, transport, reconnect: false });
  await honest.ready;
});
afterAll(async () => {
  await honest.dispose();
  await report();
  expect(await child.ask("dispose")).toBe("disposed");
  expect(await child.end()).toMatchObject({ code: 0, stderr: "" });
  rmSync(folder, { recursive: true });
});

async function report(): Promise<Report> {
  const said = (await child.ask("report")) as Report;
  expect(said.troubles).toEqual([]);
  return said;
}

type Kind = keyof Ports | "inside of tls";
const kinds: readonly Kind[] = ["unix", "tcp", "tls", "inside of tls", "pipe on unix", "pipe on tcp"];

/** A socket to a port, on which nothing was said; inside of TLS once that has shaken hands. */
async function stranger(kind: Kind): Promise<Socket> {
  const address = ports[kind === "inside of tls" ? "tls" : kind].replace("tls:", "tcp:");
  const socket = await connectedSocket(address);
  if (kind !== "inside of tls") return socket;
  const inside = connectTls({
    socket,
    ca: pem("ca.crt"),
    servername: "localhost",
    ALPNProtocols: ["sluice/1"],
  });
  await once(inside, "secureConnect");
  return inside;
}

/** When a stranger has to be gone, ms. */
function latestMs(kind: Kind): number {
  return (kind.startsWith("pipe") ? 2 : 1) * handshakeTimeout + slackMs;
}

/** Resolves when the other side has closed `socket`, with how long that took, ms. */
function closed(socket: Socket): Promise<number> {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    socket.on("error", () => {
      // A reset is an end, too.
    });
    socket.once("close", () => resolve(performance.now() - startedAt));
    // Whatever is said on the way out.
    socket.resume();
  });
}

/**
 * Runs `attack` while one client calls and one pipe echoes without pause. Proves that both are served, that handlers ran for
 * nobody else, and that nobody else is left.
 */
async function unharmedBy(attack: () => Promise<void>): Promise<{ before: Report; after: Report }> {
  const pipe = await openPipe(ports["pipe on tcp"], { pingInterval: false });
  const writer = pipe.writable.getWriter();
  const reader = pipe.readable.getReader();
  const before = await report();
  let isOver = false;
  let served = 0;
  const serving = (async () => {
    do {
      expect(await honest.request("echo", { param: served })).toBe(served);
      await writer.write(rawBytes(`${served}`));
      expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe(`${served}`);
      served++;
    } while (!isOver);
  })();
  try {
    await attack();
  } finally {
    isOver = true;
    await serving;
  }
  // The honest client and its pipe.
  await expect.poll(async () => (await report()).open, { interval: 20 }).toBe(2);
  const after = await report();
  expect(after.started - before.started).toBe(served);
  await writer.close();
  await reader.cancel();
  await pipe.closed;
  return { before, after };
}

/** A MiB of each kind of nonsense. */
const garbage: readonly (readonly [what: string, make: () => Uint8Array])[] = [
  [
    `random bytes (seed ${seed})`,
    () => {
      const dice = Dice.seeded(seed);
      return Uint8Array.from({ length: MiB }, () => dice.below(256));
    },
  ],
  ["zeros", () => new Uint8Array(MiB)],
  ["ones", () => new Uint8Array(MiB).fill(0xff)],
  ["HTTP", () => repeated("GET /canary HTTP/1.1\r\nHost: a\r\n\r\n")],
  ["hellos of TLS", () => repeated("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03")],
  ["JSON", () => repeated('{"jsonrpc":"2.0","id":1,"method":"echo"}\n')],
];

function repeated(text: string): Uint8Array {
  return new Uint8Array(Buffer.alloc(MiB, Buffer.from(text, "latin1")));
}

describe("1 MiB of garbage", () => {
  test.each(kinds)(
    "at a port of kind %s ends the connection in time, runs no handler, keeps no memory",
    async (kind) => {
      const attack = async (): Promise<void> => {
        for (const [what, make] of garbage) {
          const socket = await stranger(kind);
          const end = closed(socket);
          socket.write(make());
          expect([what, (await end) < latestMs(kind)]).toEqual([what, true]);
        }
      };
      await attack();
      const { before, after } = await unharmedBy(attack);
      expect(growth(before, after).heldKiB).toBeLessThan(KiB);
      expect(growth(before, after).rssKiB).toBeLessThan(16 * KiB);
    },
  );
});

describe("200 connections that say nothing", () => {
  test.each(kinds)("at a port of kind %s are closed in time, and keep no memory", async (kind) => {
    const attack = async (): Promise<void> => {
      const ends: Promise<number>[] = [];
      // In groups: the honest client lives in this process, too.
      for (let group = 0; group < 20; group++) {
        const sockets = await Promise.all(Array.from({ length: 10 }, () => stranger(kind)));
        ends.push(...sockets.map(closed));
      }
      const times = await Promise.all(ends);
      expect(Math.max(...times)).toBeLessThan(latestMs(kind));
    };
    const { before, after } = await unharmedBy(attack);
    expect(growth(before, after).heldKiB).toBeLessThan(2 * KiB);
  });
});
