/** The dashboard as its README runs it, five times as fast: without a terminal, to its end or until Ctrl-C. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";

const folder = fileURLToPath(new URL(".", import.meta.url));
const { scripts } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
const metricsForm = /^\[\d\d:\d\d:\d\d\] CPU: \d+\.\d\d% \| Memory: \d+\.\d\d%$/;
const logForm = /^(🔍 \[DEBUG\]|ℹ️ \[INFO\]|⚠️ \[WARN\]|❌ \[ERROR\]) web\[\d+\] /;

let dashboard: ChildProcess | undefined;

afterEach(() => {
  dashboard?.kill("SIGKILL");
});

/** Runs the dashboard to its end; `onLine` sees every line as it is printed. */
async function run(
  onLine: (line: string) => void = () => {},
): Promise<{ printed: string[]; code: number | null }> {
  const [program, ...args] = scripts.start.split(" ");
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...process.env, SLUICE_DEMO_SPEED: "5" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  dashboard = child;
  const exit = once(child, "exit");
  const printed: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    if (line === "") continue;
    printed.push(line);
    onLine(line);
  }
  const [code] = await exit;
  return { printed, code };
}

/** The number at the end of the one line that starts with `text`. */
function total(printed: readonly string[], text: string): number {
  return Number(printed.find((line) => line.startsWith(text))?.slice(text.length));
}

describe("the dashboard", () => {
  test("goes through its timeline, and prints what its README shows", async () => {
    const { printed, code } = await run();
    expect(code).toBe(0);
    const marks = [
      "Dashboard server listening on unix:",
      "Dashboard page at http://127.0.0.1:",
      "Client connected",
      "📝 Changing log filter to ERROR level...",
      "🔄 Restarting web service...",
      "✅ Service web restarted successfully (pid ",
      "📝 Changing log filter to INFO level...",
      "👋 Disconnecting...",
      "Client disconnected",
    ];
    const at = marks.map((mark) => printed.findIndex((line) => line.startsWith(mark)));
    expect(at).toEqual(at.toSorted((a, b) => a - b));
    expect(at).not.toContain(-1);

    const [oldPid, newPid] = /pid (\d+) → (\d+)/.exec(printed[at[5] ?? -1] ?? "")?.slice(1) ?? [];
    expect(newPid).not.toBe(oldPid);
    expect(existsSync(`/proc/${oldPid}`)).toBe(false);
    expect(existsSync(`/proc/${newPid}`)).toBe(false);

    const logsBetween = (from: number, to: number) =>
      printed.slice(at[from], at[to]).filter((line) => logForm.test(line));
    const unfiltered = logsBetween(2, 3);
    expect(unfiltered.some((line) => line.startsWith(`ℹ️ [INFO] web[${oldPid}]`))).toBe(true);
    expect(unfiltered.some((line) => line.startsWith("🔍"))).toBe(false);
    const filtered = logsBetween(3, 4);
    expect(filtered.some((line) => line.startsWith(`❌ [ERROR] web[${oldPid}]`))).toBe(true);
    // Six without the filter. What was on its way when the filter changed is printed after the change.
    expect(filtered.filter((line) => !line.startsWith("❌")).length).toBeLessThan(3);
    const restarted = logsBetween(6, 7);
    expect(restarted.some((line) => line.startsWith(`ℹ️ [INFO] web[${newPid}]`))).toBe(true);
    expect(restarted.some((line) => line.includes(`web[${oldPid}]`))).toBe(false);

    expect(printed.filter((line) => metricsForm.test(line)).length).toBeGreaterThan(4);
    expect(total(printed, "Metrics stream ended. Total samples: ")).toBe(
      printed.filter((line) => metricsForm.test(line)).length,
    );
    expect(total(printed, "Log channel ended. Total logs: ")).toBe(
      printed.filter((line) => logForm.test(line)).length,
    );
  });

  test("ends with its totals at Ctrl-C", async () => {
    let isTold = false;
    const { printed, code } = await run((line) => {
      if (!isTold && metricsForm.test(line)) isTold = dashboard?.kill("SIGINT") === true;
    });
    expect(code).toBe(0);
    expect(printed).not.toContain("🔄 Restarting web service...");
    expect(total(printed, "Metrics stream ended. Total samples: ")).toBeGreaterThan(0);
    expect(total(printed, "Log channel ended. Total logs: ")).toBeGreaterThanOrEqual(0);
  });
});
