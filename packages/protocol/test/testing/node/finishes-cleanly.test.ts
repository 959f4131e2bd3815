/** The leak detector finds every kind of leak that is planted, and nothing else. */
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { finishesCleanly } from "../../../src/testing/node/finishes-cleanly.ts";
import { inChild } from "../../../src/testing/node/in-child.ts";

const script = join(inject("programs"), "packages/protocol/test/testing/node/children/plant-leak.mjs");

async function plant(what: string): Promise<unknown> {
  const { stdout, stderr } = await inChild(script, { execArgv: [], args: [what] }).end();
  return stdout === "" ? stderr : JSON.parse(stdout);
}

test("work that leaves nothing finishes cleanly", async () => {
  expect(await plant("nothing")).toEqual({ result: "done" });
  expect(await plant("timers that are over")).toEqual({});
});

test.each([
  ["a timer", ["resource Timeout", "timers that are set (0 before, 1 after)"]],
  ["a timer that keeps nothing alive", ["timers that are set (0 before, 1 after)"]],
  ["an interval", ["resource Timeout", "timers that are set (0 before, 1 after)"]],
  ["a server", ["resource TCPServerWrap"]],
  ["a watcher", ["resource FSEventWrap"]],
  ["a listener", ["listener of EventEmitter 0 for data"]],
  ["a listener of the process", ["listener of process 1 for SIGUSR2"]],
  ["a counter", ["counter sessions"]],
  ["a lost rejection", ["unhandledRejection: Error: lost"]],
  ["an uncaught exception", ["uncaughtException"]],
  ["a warning", ["warning: Warning: take care"]],
  ["too many listeners", ["warning: MaxListenersExceededWarning"]],
])("found: %s", async (what, expected) => {
  const { leaks = [] } = (await plant(what)) as { leaks?: readonly string[] };
  for (const one of expected) expect(leaks).toContainEqual(expect.stringContaining(one));
});

test("what is still closing is waited for, and what was there before does not count", async () => {
  const kept = setTimeout(() => {}, 1e8);
  const result = await finishesCleanly(async () => {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    server.close();
    return "closing";
  });
  clearTimeout(kept);
  expect(result).toBe("closing");
});

test("what the work itself throws comes first", async () => {
  const failed = finishesCleanly(() => {
    throw new RangeError("its own");
  });
  await expect(failed).rejects.toThrow(new RangeError("its own"));
});
