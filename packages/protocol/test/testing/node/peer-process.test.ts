/** The program of a peer under test ends, with all that it has started, however it and the kit come to their end. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { finishesCleanly } from "../../../src/testing/node/finishes-cleanly.ts";
import { startPeerProgram } from "../../../src/testing/node/peer-process.ts";

let folder: string;
let files = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "peer-process-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** A shell that starts a program which ends with no input's end and holds the shell's output, and then does what `rest` says. */
function shellWithChild(rest: string): { command: string[]; pid(): Promise<number> } {
  const file = join(folder, `pid-${++files}`);
  return {
    command: ["sh", "-c", `sleep 60 & echo $! >'${file}.new'; mv '${file}.new' '${file}'; ${rest}`],
    async pid() {
      await vi.waitFor(() => expect(existsSync(file)).toBe(true), 15_000);
      return Number(readFileSync(file, "utf8"));
    },
  };
}

/** One that has ended and that nobody has asked about is no process any more. */
function isRunning(pid: number): boolean {
  try {
    return !execFileSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" }).startsWith("Z");
  } catch {
    return false; // ps knows no such process
  }
}

const isGone = (pid: number): Promise<void> =>
  vi.waitFor(() => expect(isRunning(pid)).toBe(false), { timeout: 15_000, interval: 50 });

describe.skipIf(process.platform === "win32")("startPeerProgram", () => {
  test("kills what a shell has started, when that hangs", async () => {
    const { command, pid } = shellWithChild("wait; true");
    const isClean = await finishesCleanly(async () => {
      const program = await startPeerProgram(command, { patienceMs: 200 });
      await pid();
      return program.stop();
    });
    expect(isClean).toBe(false);
    await isGone(await pid());
  }, 30_000);

  test("does not wait for what holds the output of a program that has ended, and ends it", async () => {
    const { command, pid } = shellWithChild("read line; exit 0");
    const isClean = await finishesCleanly(async () => {
      const program = await startPeerProgram(command, { patienceMs: 4_000 });
      await pid();
      return program.stop();
    });
    expect(isClean).toBe(false);
    await isGone(await pid());
  }, 30_000);

  test("a program that ends with its input has ended cleanly, and may be stopped again", async () => {
    await finishesCleanly(async () => {
      const program = await startPeerProgram(["sh", "-c", "cat >/dev/null; exit 0"]);
      expect([await program.stop(), await program.stop()]).toEqual([true, true]);
    });
  });

  test("a question that is open when the program ends is refused", async () => {
    const program = await startPeerProgram(["sh", "-c", "read line; exit 3"]);
    await expect(program.ask({ do: "describe" })).rejects.toThrow("The program has ended (3)");
    expect(await program.stop()).toBe(false);
  });

  test.each(["SIGINT", "SIGTERM"] as const)(
    "ends the program when %s ends the kit",
    async (signal) => {
      const { command, pid } = shellWithChild("wait; true");
      const script = join(inject("programs"), "packages/protocol/test/testing/node/children/start-peer.mjs");
      const kit = spawn(process.execPath, [script, ...command], { stdio: ["ignore", "pipe", "inherit"] });
      await once(kit.stdout, "data");
      const started = await pid();
      expect(isRunning(started)).toBe(true);
      kit.kill(signal);
      expect((await once(kit, "exit"))[1]).toBe(signal);
      await isGone(started);
    },
    30_000,
  );
});
