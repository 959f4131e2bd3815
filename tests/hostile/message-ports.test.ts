/** REL-M1, REL-M2, REL-M4: what a peer on a MessagePort posts by hand, against a server and against clients of ours. */
import { type Child, inChild } from "@sluice/protocol/testing/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { builtProgram } from "../built-program.ts";
import type { PortAttack } from "./children/ports-in-memory.ts";
import type { Memory } from "./children/report.ts";
import { childOptions, growth, KiB } from "./victim.ts";

let child: Child;
beforeAll(async () => {
  child = inChild(builtProgram(new URL("./children/ports-in-memory.ts", import.meta.url)), childOptions);
  expect(await child.message()).toBe("started");
});
afterAll(async () => {
  expect(await child.ask("dispose")).toBe("disposed");
  expect(await child.end()).toMatchObject({ code: 0, stderr: "" });
});

interface Answer {
  readonly ended: string;
  readonly calls: number;
  readonly before: Memory;
  readonly after: Memory;
  readonly troubles: readonly string[];
}

const attacks: readonly (readonly [id: string, name: PortAttack, ended: string])[] = [
  ["REL-M1", "a flood of items, at a server", "FLOW_CONTROL_ERROR"],
  ["REL-M1", "a flood of items, at a client", "FLOW_CONTROL_ERROR, FLOW_CONTROL_ERROR maybe"],
  ["REL-M1", "an announcement of 4 GiB, at a server", "FRAME_TOO_LARGE"],
  ["REL-M1", "an announcement of 4 GiB, at a client", "FRAME_TOO_LARGE, FRAME_TOO_LARGE maybe"],
  ["REL-M1", "pings whose answers nobody takes, at a server", "closed"],
  ["REL-M2", "shared memory, at a server", "DECODE_ERROR"],
  ["REL-M2", "shared memory, at a client", "DECODE_ERROR, DECODE_ERROR maybe"],
  ["REL-M4", "bytes that change after they were sent, at a server", 'true {"deep":[1]}'],
  ["REL-M4", "bytes that change after they were answered, at a client", "true true 9"],
];

test.each(attacks)("%s %s: %s", async (_, name, ended) => {
  const answer = (await child.ask(name)) as Answer;
  expect(answer.troubles).toEqual([]);
  expect(answer.ended).toBe(ended);
  expect(answer.calls).toBeGreaterThan(0);
  expect(growth(answer.before, answer.after).heldKiB).toBeLessThan(KiB);
});
