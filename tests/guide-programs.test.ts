/** Programs in the form that guides give them: they print what they should, and end by themselves. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inChild } from "@sluice/protocol/testing/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { builtProgram } from "./built-program.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "guide-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function start(program: string, ...args: string[]) {
  return inChild(builtProgram(new URL(`./children/guide/${program}.ts`, import.meta.url)), {
    execArgv: [],
    args,
    deadlineMs: 15_000,
  });
}

const well = { code: 0, signal: null, stderr: "" };

describe("a program", () => {
  test("that counts prints its five numbers and their total, and ends by itself", async () => {
    const counter = start("counter", join(folder, "counter.sock"), "10");
    expect(await counter.end()).toEqual({
      ...well,
      stdout: "Server running\nCount: 1\nCount: 2\nCount: 3\nCount: 4\nCount: 5\nTotal: 5\n",
    });
  });

  test("that watches a dashboard gets figures, lines and answers, then both totals; both ends end by themselves", async () => {
    const path = join(folder, "dashboard.sock");
    const server = start("dashboard-server", path);
    expect(await server.message()).toBe("listening");
    const client = start("dashboard-client", path);
    const { stdout, ...end } = await client.end();
    expect(end).toEqual(well);
    const [first, second, third, ...totals] = stdout.trimEnd().split("\n");
    expect([first, second, third]).toEqual(["CPU: 12.50% | Memory: 50.00%", "web was restarted", "Leaving"]);
    expect(totals.sort()).toEqual([
      "Levels: error, info, warn; at last error",
      "Lines: true",
      "Samples: all",
    ]);
    expect(await server.end()).toEqual({
      ...well,
      stdout: "the client has come\nFrom now on: error\nthe client has left: closed\n",
    });
  });

  test("that serves fetch requests streams over HTTP to a client that knows a URL, and ends by itself", async () => {
    expect(await start("http").end()).toEqual({
      ...well,
      stdout: "2000\n4000\n6000\n{ totalSamples: 3 }\n",
    });
  });
});
