/** A reader that stops for half a minute: its writer waits, and no process grows, on Unix and TCP, in both directions. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Child, inChild } from "@sluice/protocol/testing/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { builtProgram } from "../built-program.ts";
import { type Figures, lineOf, writeStalledReader } from "./long-run-page.ts";

const seconds = 30;
const MiB = 1_024 * 1_024;

interface Report {
  readonly rss: number;
  readonly held: number;
  readonly accepted: number;
  readonly troubles: readonly string[];
}

let folder: string;
const figures: Figures[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "stalled-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
  // A page of a run that failed would say what is not so.
  if (figures.length === 4) writeStalledReader(seconds, figures);
});

function start(role: "server" | "client", address: string): Child {
  return inChild(builtProgram(new URL("./children/stalled-peer.ts", import.meta.url)), {
    execArgv: ["--expose-gc"],
    heapMiB: 128,
    args: [role, address],
  });
}

async function reportOf(child: Child): Promise<Report> {
  const report = (await child.ask("report")) as Report;
  expect(report.troubles).toEqual([]);
  return report;
}

/** Resolves once the writer of neither end gets on, with the items that each has had accepted. */
async function standstill(ends: readonly Child[]): Promise<readonly number[]> {
  let last: readonly number[] = [];
  for (let still = 0; still < 5; ) {
    const now = (await Promise.all(ends.map(reportOf))).map(({ accepted }) => accepted);
    still = now.every((accepted, at) => accepted > 0 && accepted === last[at]) ? still + 1 : 0;
    last = now;
    await pause(20);
  }
  return last;
}

function range(values: readonly number[]): [number, number] {
  return [Math.min(...values), Math.max(...values)];
}

test.each(["unix", "tcp"] as const)(
  "FC-1 a reader that stops for 30 s costs nothing, over %s",
  async (link) => {
    const wanted = link === "unix" ? `unix:${join(folder, "stalled.sock")}` : "tcp://127.0.0.1:0";
    const server = start("server", wanted);
    const client = start("client", (await server.message()) as string);
    const ends = [server, client];
    try {
      expect(await client.message()).toBe("calling");
      const accepted = await standstill(ends);
      const samples: Report[][] = ends.map(() => []);
      for (let second = 0; second < seconds; second++) {
        for (const [at, end] of ends.entries()) samples[at]?.push(await reportOf(end));
        await pause(1_000);
      }
      for (const [at, name] of ["server", "client"].entries()) {
        const reports = samples[at] as Report[];
        const one: Figures = {
          link,
          end: name,
          accepted: [accepted[at] as number, reports.at(-1)?.accepted as number],
          held: range(reports.map(({ held }) => held)),
          rss: range(reports.map(({ rss }) => rss)),
        };
        console.log(lineOf(one));
        expect(new Set(reports.map(({ accepted: count }) => count))).toEqual(new Set([accepted[at]]));
        expect(one.held[1] - one.held[0]).toBeLessThan(MiB);
        expect(one.rss[1] - (reports[0] as Report).rss).toBeLessThan(16 * MiB);
        figures.push(one);
      }
    } finally {
      client.send("dispose");
      const clientEnd = await client.end();
      server.send("dispose");
      expect([clientEnd, await server.end()]).toMatchObject([{ code: 0 }, { code: 0 }]);
    }
  },
);
