/** `scripts/check-packages.mjs`: a tarball that would not work for its users is noticed. */
import { expect, test } from "vitest";
import { linkNodeModules, plantTree } from "./planted-tree.ts";
import { type Ended, runScript } from "./run-script.ts";

const manifest = {
  version: "1.0.0",
  license: "MIT",
  type: "module",
  exports: {
    ".": { "@sluice/source": "./src/index.ts", types: "./dist/index.d.ts", default: "./dist/index.js" },
  },
  files: ["dist", "src"],
};

/** A package's files, with what is `changed` in its manifest. */
function packageAs(folder: string, changed: object = {}): Record<string, string | object> {
  const files = {
    "package.json": { ...manifest, name: `@sluice/${folder}`, ...changed },
    "src/index.ts": "export const one: number = 1;\n",
    "dist/index.js": "export const one = 1;\n",
    "dist/index.d.ts": "export declare const one: number;\n",
  };
  return Object.fromEntries(
    Object.entries(files).map(([path, content]) => [`packages/${folder}/${path}`, content]),
  );
}

const tree: Record<string, string | object> = {
  ...packageAs("planted"),
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

test("check-packages notices what each package lacks", async () => {
  const untyped = {
    exports: { ".": { "@sluice/source": "./src/index.ts", default: "./dist/index.js" } },
    files: ["dist/*.js"],
  };
  const { status, stdout } = await checkPackages({
    ...packageAs("fileless", { files: ["src"] }),
    ...packageAs("untyped", untyped),
    ...packageAs("commonjs", { type: "commonjs" }),
  });
  for (const problem of ["fileless: publint:", "untyped: attw:", "commonjs: publint:"])
    expect(stdout).toContain(problem);
  expect(stdout).not.toMatch(/planted: (publint|attw):/);
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
