/** The broadcast as its README runs it, five times as fast. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const folder = fileURLToPath(new URL(".", import.meta.url));
const { scripts } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
const lineForm = /^fast: (\d+)\/(\d+) {2}slow\(latest\): (\d+)\/(\d+) {2}rss [+-]\d+ MB$/;
const lastForm = /^The last frame of the slow viewer: (\d+)$/;

/** The figures of every line but the last: what fast viewers and the slow one have seen, and how much was filmed. */
function figures(lines: readonly string[]): { fast: number; slow: number; filmed: number }[] {
  return lines.slice(0, -1).map((line) => {
    const [, fast, filmed, slow, again] = lineForm.exec(line) ?? [];
    expect(filmed, line).toBe(again);
    return { fast: Number(fast), slow: Number(slow), filmed: Number(filmed) };
  });
}

test("the broadcast prints what its README shows, and ends by itself", async () => {
  const [program, ...args] = scripts.start.split(" ");
  const film = spawn(program, args, { cwd: folder, env: { ...process.env, SLUICE_DEMO_SPEED: "5" } });
  const [output, complaints, [code]] = await Promise.all([
    text(film.stdout),
    text(film.stderr),
    once(film, "exit"),
  ]);
  expect({ complaints, code }).toEqual({ complaints: "", code: 0 });
  const lines = output.trimEnd().split("\n");
  const seen = figures(lines);
  expect(seen.map(({ filmed }) => filmed)).toEqual([100, 200, 300, 400, 500, 600, 600]);
  // Fast viewers record: they got every frame, and the film never was further ahead of them than the buffers are long.
  for (const { fast, filmed } of seen) expect(filmed - fast).toBeLessThan(20);
  expect(seen.at(-1)?.fast).toBe(600);
  // The slow one got some frames, in between and at the end, and the last one for certain.
  for (const { slow, filmed } of seen) expect(slow).toBeLessThan(filmed);
  expect(seen[0]?.slow).toBeGreaterThan(0);
  expect(lastForm.exec(lines.at(-1) ?? "")?.[1]).toBe("600");
});

test("the README shows lines of this form", () => {
  const [, shown = ""] = /```text\n([\s\S]*?)\n```/.exec(readFileSync(`${folder}/README.md`, "utf8")) ?? [];
  const lines = shown.split("\n");
  expect(figures(lines).at(-1)).toMatchObject({ fast: 600, filmed: 600 });
  expect(lines.at(-1)).toMatch(lastForm);
});
