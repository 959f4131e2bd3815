/** Scripts in processes of their own. */
import { expect, test } from "vitest";
import { inChild } from "../../../src/testing/node/in-child.ts";

const script = new URL("./children/speak.mjs", import.meta.url);

test("a child is asked and answers, and ends by itself once it is let go", async () => {
  const child = inChild(script, { execArgv: [], args: ["--one", "two"], env: { MOOD: "good" } });
  expect(await child.ask({ n: 1 })).toEqual({ heard: { n: 1 }, args: ["--one", "two"], mood: "good" });
  child.disconnect();
  expect(await child.end()).toEqual({ code: 0, signal: null, stdout: "to stdout\n", stderr: "to stderr\n" });
});

test("heapMiB is the heap that the child has", async () => {
  const child = inChild(script, { execArgv: [], heapMiB: 24 });
  expect(await child.ask("heap")).toEqual(["--max-old-space-size=24"]);
  child.send("fill");
  const { code, signal, stderr } = await child.end();
  expect([code === 0, signal]).not.toEqual([true, null]);
  expect(stderr).toContain("heap out of memory");
});

test("a child that ends early fails who waits for it, and says what it printed", async () => {
  const child = inChild(new URL("./children/missing.mjs", import.meta.url), { execArgv: [] });
  await expect(child.message()).rejects.toThrow("missing.mjs");
});

test("a child that does not end is killed after the deadline", async () => {
  const child = inChild(script, { execArgv: [], deadlineMs: 300 });
  await expect(child.end()).rejects.toThrow("Waited 300 ms for the end of the child");
  expect((await child.ended).signal).toBe("SIGKILL");
});
