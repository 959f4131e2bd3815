/** The shop as its README shows it: the same transcript wherever it is, one line apart. */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";

const folder = fileURLToPath(new URL(".", import.meta.url));
const { scripts } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
const readme = readFileSync(`${folder}/README.md`, "utf8");
const [direct = "", ...steps] = readdirSync(`${folder}/steps`).sort();

/** What a command of package.json prints, with arguments. It must end by itself, and complain of nothing. */
async function outputOf(script: string, ...args: string[]): Promise<string> {
  const [program, ...first] = scripts[script].split(" ");
  const { stdout, stderr } = await promisify(execFile)(program, [...first, ...args], { cwd: folder });
  expect(stderr).toBe("");
  return stdout;
}

const linesOf = (step: string) => readFileSync(`${folder}/steps/${step}`, "utf8").split("\n");

describe("a shop that moves out", () => {
  const transcript = [
    "tea is 320",
    "order 1: 1350",
    "order 1: baked",
    "order 1: packed",
    "order 1: delivered",
    "gold: NOT_FOUND, There is no gold",
    "order 7: NOT_FOUND, There is no order 7",
    "",
  ].join("\n");

  test("prints the transcript at any step, such as the last", async () => {
    expect(await outputOf("step", `steps/${steps.at(-1)}`)).toBe(transcript);
  });

  test("moves by one line each time, which is its address", () => {
    const programs = steps.map(linesOf);
    const differing = (programs[0] ?? []).flatMap((line, at) =>
      programs.every((lines) => lines[at] === line) ? [] : [programs.map((lines) => lines[at])],
    );
    expect(differing).toEqual([
      [
        'const address = "memory:shop";',
        'const address = "unix:shop.sock";',
        'const address = "ws://127.0.0.1:0/shop";',
        'const address = "http://127.0.0.1:0/shop";',
      ],
    ]);
    expect(new Set(programs.map(({ length }) => length)).size).toBe(1);
    for (const [address] of differing[0]?.map((line = "") => line.match(/"(.*)"/)?.slice(1) ?? []) ?? []) {
      expect(readme).toContain(`\`${address}\``);
    }
  });

  test("prints all of that at once, as the README shows", async () => {
    const output = await outputOf("start");
    expect(output).toBe(
      [
        direct,
        ...transcript
          .trimEnd()
          .split("\n")
          .map((line) => `  ${line}`),
        ...steps.map((step) => `${step}: the same`),
        "",
      ].join("\n"),
    );
    expect(readme).toContain(`\`\`\`text\n${output}\`\`\``);
  });
});
