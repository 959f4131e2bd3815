/** `scripts/check-packages.mjs`: a tarball that would not work for its users is noticed. */
import { expect, test } from "vitest";
import { type Ended, linkNodeModules, plantTree, runScript } from "./planted-tree.ts";

const manifest = {
  name: "@sluice/planted",
  version: "1.0.0",
  license: "MIT",
  type: "module",
  exports: {
    ".": { "@sluice/source": "./src/index.ts", types: "./dist/index.d.ts", default: "./dist/index.js" },
  },
  files: ["dist", "src"],
};
const tree: Record<string, string | object> = {
  "packages/planted/package.json": manifest,
  "packages/planted/src/index.ts": "export const one: number = 1;\n",
  "packages/planted/dist/index.js": "export const one = 1;\n",
  "packages/planted/dist/index.d.ts": "export declare const one: number;\n",
  "packages/hidden/package.json": { name: "hidden", private: true },
};

function checkPackages(change: Record<string, string | object>): Promise<Ended> {
  const root = plantTree({ ...tree, ...change });
  linkNodeModules(root);
  return runScript("check-packages", root);
}

test("check-packages passes a good package, and leaves out a private one", async () => {
  const { status, stdout } = await checkPackages({});
  expect(stdout).toBe("3 passed, 0 failed\n");
  expect(status).toBe(0);
});

test.each([
  ["a file that the tarball lacks", { ...manifest, files: ["src"] }, "planted: publint:"],
  [
    "types that a door lacks",
    {
      ...manifest,
      exports: { ".": { "@sluice/source": "./src/index.ts", default: "./dist/index.js" } },
      files: ["dist/*.js"],
    },
    "planted: attw:",
  ],
  ["a module that says it is CommonJS", { ...manifest, type: "commonjs" }, "planted: publint:"],
])("check-packages notices %s", async (_, changed, problem) => {
  const { status, stdout } = await checkPackages({ "packages/planted/package.json": changed });
  expect(stdout).toContain(problem);
  expect(status).toBe(1);
});

test("check-packages notices that a built door is not what its source says", async () => {
  const { status, stdout } = await checkPackages({
    "packages/planted/dist/index.js": "export const two = 1;\n",
  });
  expect(stdout).toMatch(/built doors:\n.*@sluice\/planted:\n +lacks one\n +also exports two/);
  expect(status).toBe(1);
});

test("check-packages fails when there is nothing to publish", async () => {
  expect(
    await runScript("check-packages", plantTree({ "packages/hidden/package.json": { private: true } })),
  ).toMatchObject({
    status: 1,
    stdout: "Nothing was checked\n0 passed, 0 failed\n",
  });
});
