/** `scripts/test.mjs` and what it counts: closing lines, statuses, Vitest's reports. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { linkNodeModules, plantTree, repository } from "./planted-tree.ts";
import { runNode, runScript } from "./run-script.ts";

const lock = { packages: { "": {}, "node_modules/one": { version: "1.0.0" } } };

test("the driver lists its stages", async () => {
  const { status, stdout } = await runScript("test", plantTree({}), ["--list"]);
  expect(stdout.trim().split("\n")).toEqual(
    expect.arrayContaining([
      "services",
      "lock",
      "biome",
      "layers",
      "codemap",
      "conformance",
      "tsc",
      "build",
      "packages",
      "docs",
    ]),
  );
  expect(stdout.trim().split("\n")).toEqual(
    expect.arrayContaining(["unit", "types", "recipes", "house", "e2e", "e2e-alone", "budget"]),
  );
  expect(status).toBe(0);
});

test("the driver runs the stages that are asked for, and ends with their counts", async () => {
  const root = plantTree({ "package-lock.json": lock });
  const { status, stdout } = await runScript("test", root, ["--only", "lock,services"]);
  expect(stdout).toMatch(/^ok services .*\nok lock .*\n/);
  expect(stdout).toMatch(/\n\d+ passed, 0 failed\n$/);
  expect(status).toBe(0);
});

test("the driver fails with a stage that fails", async () => {
  const root = plantTree({
    "package-lock.json": {
      packages: { "": {}, "node_modules/one": { optionalDependencies: { lost: "1.0.0" } } },
    },
  });
  const { status, stdout } = await runScript("test", root, ["--only", "lock,services"]);
  expect(stdout).toMatch(/FAILED lock .*\noptional dependencies:\n {2}lost of/);
  expect(stdout).toMatch(/\n\d+ passed, 1 failed\n$/);
  expect(status).toBe(1);
});

test("the driver refuses a stage that it does not have", async () => {
  const { status, stderr } = await runScript("test", plantTree({}), ["--only", "lock,everything"]);
  expect(stderr).toContain("Unknown stages everything; there are services, runtimes, lock,");
  expect(status).toBe(1);
});

/** Evaluates an expression that uses one export of one of the driver's modules. */
async function evaluate(module: string, name: string, expression: string): Promise<unknown> {
  const url = pathToFileURL(join(repository, "scripts/test", module)).href;
  const source = `import { ${name} } from ${JSON.stringify(url)}; console.log(JSON.stringify(${expression}));`;
  const { stdout, stderr } = await runNode(["--input-type=module", "--eval", source]);
  return JSON.parse(stdout || stderr);
}

test("e2eFiles gives each end-to-end file once: those that measure time alone, the others together", async () => {
  const call = (root: string): Promise<unknown> =>
    evaluate("e2e-files.mjs", "e2eFiles", `e2eFiles(${JSON.stringify(root)})`);
  const { together, alone } = (await call(repository)) as { together: string[]; alone: string[] };
  const all = readdirSync(join(repository, "tests"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".test.ts") && !/^(?:house|long)\//.test(path))
    .map((path) => `tests/${path}`);
  expect([...together, ...alone].sort()).toEqual(all.sort());
  expect(alone).toContain("tests/process-faults.test.ts");

  const root = plantTree(Object.fromEntries(alone.slice(1).map((path) => [path, ""])));
  await expect(call(root)).rejects.toThrow();
});

test.each([
  ["its counts", { status: 0, output: "text\n12 passed, 0 failed\n" }, { passed: 12, failed: 0 }],
  ["failed checks", { status: 1, output: "2 passed, 3 failed\n" }, { passed: 2, failed: 3 }],
  [
    "a status that its counts do not explain",
    { status: 1, output: "2 passed, 0 failed\n" },
    { passed: 2, failed: 1 },
  ],
  [
    "a crash after its closing line",
    { status: 1, output: "2 passed, 0 failed\nError: lost\n" },
    { passed: 0, failed: 1 },
  ],
  ["no closing line", { status: 0, output: "all is well\n" }, { passed: 0, failed: 1 }],
])("countClosingLine reads from a script's output %s", async (_, ended, expected) => {
  const counted = await evaluate(
    "run-command.mjs",
    "countClosingLine",
    `countClosingLine(${JSON.stringify(ended)})`,
  );
  expect(counted).toMatchObject(expected);
});

test("runNode gives stdout and stderr, and the status", async () => {
  const program = "console.log('out'); console.error('err'); process.exitCode = 4";
  const expression = `await runNode(".", ["--eval", ${JSON.stringify(program)}])`;
  expect(await evaluate("run-command.mjs", "runNode", expression)).toEqual({
    status: 4,
    output: "out\nerr\n",
  });
});

test("runNode ends a program that hangs, and what it has started", async () => {
  const hang = "setInterval(() => {}, 1000);";
  const program = `
    const child = require("node:child_process").spawn(process.execPath, ["--eval", ${JSON.stringify(hang)}], { stdio: "inherit" });
    console.log(child.pid);
    ${hang}
  `;
  const expression = `await runNode(".", ["--eval", ${JSON.stringify(program)}], 1500)`;
  // The grandchild holds the pipe that runNode waits for: without its end there would be no answer.
  expect(await evaluate("run-command.mjs", "runNode", expression)).toEqual({
    status: 1,
    output: expect.stringMatching(/^\d+\n\nkilled after 1.5 s\n$/),
  });
});

/** Runs a planted Vitest project as a stage does, with one file for each source. */
async function runVitest(
  sources: readonly string[],
): Promise<{ counts: Record<string, unknown>; failures: string[]; stderr: string }> {
  const root = plantTree({
    "package.json": { type: "module" },
    "vitest.config.ts":
      'export default { test: { projects: [{ test: { name: "planted", include: ["*.test.ts"] } }] } };\n',
    ...Object.fromEntries(
      sources.map((source, n) => [
        `${n}.test.ts`,
        `import { describe, expect, test } from "vitest";\nvoid describe;\n${source}`,
      ]),
    ),
  });
  linkNodeModules(root);
  const url = pathToFileURL(join(repository, "scripts/test/run-vitest.mjs")).href;
  const program = `import { runVitest } from ${JSON.stringify(url)};
    const { output, failures, ...counts } = await runVitest(${JSON.stringify(root)}, "planted");
    console.log(JSON.stringify({ counts, failures })); console.error(output);`;
  const ended = await runNode(["--input-type=module", "--eval", program]);
  return { ...JSON.parse(ended.stdout), stderr: ended.stderr };
}

test.each([
  ["passing tests", ['test("a", () => {}); test("b", () => {});'], { passed: 2, failed: 0, skipped: 0 }, []],
  [
    "a failing test",
    ['test("a", () => {}); describe("b", () => test("c", () => expect(1).toBe(2)));'],
    { passed: 1, failed: 1, skipped: 0 },
    ["0.test.ts > b > c: AssertionError: expected 1 to be 2 // Object.is equality"],
  ],
  [
    "a skipped test",
    ['test("a", () => {}); test.skipIf(true)("b", () => {});'],
    { passed: 1, failed: 0, skipped: 1 },
    [],
  ],
  [
    "a planned test as a failure",
    ['test("a", () => {}); test.todo("b");'],
    { passed: 1, failed: 1, skipped: 0 },
    ["0.test.ts > b: is only planned"],
  ],
  [
    "a file that cannot be loaded as a failure, beside one with a failing test",
    ['import "./nowhere.ts";', 'test("a", () => expect(1).toBe(2));'],
    { passed: 0, failed: 2, skipped: 0 },
    [
      expect.stringMatching(/^0\.test\.ts: .*nowhere\.ts/),
      "1.test.ts > a: AssertionError: expected 1 to be 2 // Object.is equality",
    ],
  ],
  [
    "a file without tests as a failure",
    ["void [expect, test];"],
    { passed: 0, failed: 1, skipped: 0 },
    [expect.stringMatching(/^0\.test\.ts: .*No test/)],
  ],
  [
    "a rejection that nobody handles as a failure",
    [
      'test("a", async () => { Promise.reject(new Error("stray")); await new Promise((resolve) => setImmediate(resolve)); });',
    ],
    { passed: 1, failed: 1, skipped: 0 },
    [],
  ],
  ["a project without files as a failure", [], { passed: 0, failed: 1, skipped: 0 }, []],
])("runVitest counts and names %s", async (_, sources, counts, failures) => {
  const outcome = await runVitest(sources);
  expect(outcome.counts, outcome.stderr).toEqual(counts);
  expect(outcome.failures).toEqual(failures);
});
