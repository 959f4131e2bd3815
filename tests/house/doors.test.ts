/** Every door exports what `tests/house/doors.json` lists, and `scripts/doors.mjs` notices when it does not. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { plant, plantTree, repository } from "./planted-tree.ts";
import { runHosted, runScript } from "./run-script.ts";

test("the doors of all packages export the names that are listed; after an intended change run `npm run doors`", async () => {
  const { status, stdout } = await runScript("doors", repository);
  expect(stdout).toMatch(/^\d+ passed, 0 failed\n$/);
  expect(status).toBe(0);
});

const target = (name: string): object => ({
  "@sluice/source": `./src/${name}.ts`,
  default: `./dist/${name}.js`,
});
const tree = {
  "packages/one/package.json": {
    name: "@sluice/one",
    type: "module",
    exports: { ".": target("index"), "./two": target("two"), "./package.json": "./package.json" },
  },
  "packages/one/src/index.ts": `export { b, type B, a } from "./a.ts";
export type { C } from "./a.ts";
export { inner as outer } from "./a.ts";
export const one = 1, two = 2;
export function three(): void {}
export class Four {}
export interface Five {}
export type Six = 6;
const hidden = 1;
`,
  "packages/one/src/two.ts": 'export { b } from "./a.ts";\n',
  "packages/one/dist/index.js":
    "export const a = 1, b = 2, outer = 3, one = 1, two = 2;\nexport function three() {}\nexport class Four {}\n",
  "packages/one/dist/two.js": "export const b = 1;\n",
};
const list = {
  "@sluice/one": {
    values: ["Four", "a", "b", "one", "outer", "three", "two"],
    types: ["B", "C", "Five", "Six"],
  },
  "@sluice/one/two": { values: ["b"], types: [] },
};

test("doors --write lists values and types of every door by name", async () => {
  const root = plantTree({ ...tree, "tests/house/doors.json": {} });
  expect((await runHosted("doors", root, ["--write"])).status).toBe(0);
  expect(JSON.parse(readFileSync(join(root, "tests/house/doors.json"), "utf8"))).toEqual(list);
  expect(await runHosted("doors", root)).toMatchObject({ status: 0, stdout: "2 passed, 0 failed\n" });
});

test.each([
  ["an export is gone", { "packages/one/src/two.ts": "export {};\n" }, "@sluice/one/two:\n  lacks b"],
  [
    "an export is new",
    { "packages/one/src/two.ts": "export const b = 1, c = 1;\n" },
    "@sluice/one/two:\n  also exports c",
  ],
  [
    "a door exports everything",
    { "packages/one/src/two.ts": 'export * from "./a.ts";\n' },
    "line 1 exports without a list",
  ],
  [
    "a door has a default export",
    { "packages/one/src/two.ts": "export default 1;\n" },
    "line 1 exports without a list",
  ],
  [
    "a door is not listed",
    { "tests/house/doors.json": { "@sluice/one": list["@sluice/one"] } },
    "is not in tests/house",
  ],
  [
    "a listed door is gone",
    { "tests/house/doors.json": { ...list, "@sluice/one/three": { values: [], types: [] } } },
    "@sluice/one/three:\n  is listed in tests/house/doors.json, and is no door",
  ],
  [
    "a door has no source",
    { "packages/two/package.json": { name: "@sluice/two", exports: { ".": target("index") } } },
    "packages/two/src/index.ts does not exist",
  ],
])("doors notices that %s", async (_, change, problem) => {
  const root = plantTree({ ...tree, "tests/house/doors.json": list, ...change });
  const { status, stdout } = await runHosted("doors", root);
  expect(stdout).toContain(problem);
  expect(status).toBe(1);
});

test("doors --built compares what plain Node imports with the sources", async () => {
  const root = plantTree(tree);
  expect(await runScript("doors", root, ["--built"])).toMatchObject({
    status: 0,
    stdout: "2 passed, 0 failed\n",
  });
  plant(root, { "packages/one/dist/two.js": "export const c = 1;\n" });
  expect((await runScript("doors", root, ["--built"])).stdout).toContain(
    "@sluice/one/two:\n  lacks b\n  also exports c",
  );
  plant(root, { "packages/one/dist/two.js": 'import "./nowhere.js";\n' });
  const { status, stdout } = await runScript("doors", root, ["--built"]);
  expect(stdout).toContain("@sluice/one/two:\n  cannot be imported from packages/one/dist/two.js");
  expect(status).toBe(1);
});
