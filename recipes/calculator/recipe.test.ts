/** The calculator as its README runs it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const folder = fileURLToPath(new URL(".", import.meta.url));
const { scripts } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));

test("the calculator prints what its README shows, and ends by itself", async () => {
  const [program, ...args] = scripts.start.split(" ");
  const calculator = spawn(program, args, { cwd: folder });
  const [output, complaints, [code]] = await Promise.all([
    text(calculator.stdout),
    text(calculator.stderr),
    once(calculator, "exit"),
  ]);
  expect({ output, complaints, code }).toEqual({
    output: "add 30\nfib 0 1 1 2 3 5\ndivide DIVISION_BY_ZERO\n",
    complaints: "",
    code: 0,
  });
  expect(readFileSync(`${folder}/README.md`, "utf8")).toContain(`\`\`\`text\n${output}\`\`\``);
});
