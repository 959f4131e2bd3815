/** REL-P4, REL-P5: what calls leave on a signal that outlives them, and whose async context their code runs in. */
import { type Child, inChild } from "@sluice/protocol/testing/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { builtProgram } from "../built-program.ts";
import type { Finds } from "./children/context-server.ts";
import type { Memory } from "./children/report.ts";
import { childOptions, growth, KiB } from "./victim.ts";

interface Report extends Memory {
  readonly troubles: readonly string[];
  readonly finds: Finds;
  readonly listeners: { readonly most: number; readonly left: number };
}

let child: Child;
beforeAll(async () => {
  child = inChild(builtProgram(new URL("./children/context-server.ts", import.meta.url)), childOptions);
  expect(await child.message()).toBe("started");
});
afterAll(async () => {
  expect(await child.ask("dispose")).toBe("disposed");
  expect(await child.end()).toMatchObject({ code: 0, stderr: "" });
});

async function ask(question: object): Promise<Report> {
  const report = (await child.ask(question)) as Report;
  expect(report.troubles).toEqual([]);
  return report;
}

test("REL-P5 200 callers of 600 calls at once: each keeps its own context, and no handler begins in another's", async () => {
  const first = await ask({ callers: 200 });
  const second = await ask({ callers: 200 });
  expect(second.finds).toEqual({ fresh: 1_200, stale: 0, own: 10_400, lost: 0, foreign: 0, mixed: 0 });
  expect(growth(first, second).heldKiB).toBeLessThan(2 * KiB);
});

test("REL-P4 10,000 calls on one signal leave no listener on it, and no memory", async () => {
  const first = await ask({ onOneSignal: 1_000 });
  const second = await ask({ onOneSignal: 10_000 });
  expect(second.listeners.most).toBeLessThanOrEqual(10);
  expect(second.listeners.left).toBe(0);
  expect(growth(first, second).heldKiB).toBeLessThan(KiB);
});
