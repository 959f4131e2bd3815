/** The counter as its README runs it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const folder = fileURLToPath(new URL(".", import.meta.url));
const { scripts } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));

test("the counter prints what its README shows, and ends by itself", async () => {
  const [program, ...args] = scripts.start.split(" ");
  const counter = spawn(program, args, { cwd: folder, env: { ...process.env, SLUICE_DEMO_SPEED: "100" } });
  const [output, complaints, [code]] = await Promise.all([
    text(counter.stdout),
    text(counter.stderr),
    once(counter, "exit"),
  ]);
  expect({ output, complaints, code }).toEqual({
    output: "Server running\nCount: 1\nCount: 2\nCount: 3\nCount: 4\nCount: 5\nTotal: 5\n",
    complaints: "",
    code: 0,
  });
});
