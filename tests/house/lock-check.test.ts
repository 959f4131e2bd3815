/** `scripts/lock-check.mjs`: a lockfile that cannot be installed on another machine is refused. */
import { expect, test } from "vitest";
import { plantTree } from "./planted-tree.ts";
import { runScript } from "./run-script.ts";

const complete = {
  "": { name: "planted" },
  "node_modules/tool": {
    version: "1.0.0",
    optionalDependencies: { "@tool/linux": "1.0.0", "@tool/darwin": "1.0.0" },
  },
  "node_modules/@tool/linux": { version: "1.0.0", optional: true },
  "node_modules/tool/node_modules/@tool/darwin": { version: "1.0.0", optional: true },
  "node_modules/workspace": { resolved: "packages/workspace", link: true },
};

test("lock-check accepts optional dependencies beside and inside of their package", async () => {
  const root = plantTree({ "package-lock.json": { packages: complete } });
  expect(await runScript("lock-check", root)).toMatchObject({ status: 0, stdout: "3 passed, 0 failed\n" });
});

test("lock-check refuses an optional dependency that is not locked", async () => {
  const { "node_modules/@tool/linux": _, ...incomplete } = complete;
  const { status, stdout } = await runScript(
    "lock-check",
    plantTree({ "package-lock.json": { packages: incomplete } }),
  );
  expect(status).toBe(1);
  expect(stdout).toContain("@tool/linux of node_modules/tool is not in the lockfile");
});

test("lock-check does not take another package's own copy for the missing one", async () => {
  const { "node_modules/@tool/linux": moved, ...others } = complete;
  const packages = { ...others, "node_modules/other/node_modules/@tool/linux": moved };
  const { status } = await runScript("lock-check", plantTree({ "package-lock.json": { packages } }));
  expect(status).toBe(1);
});

test("lock-check refuses an entry that is bound to a registry", async () => {
  const bound = { version: "1.0.0", resolved: "https://registry.example/tool-1.0.0.tgz" };
  const packages = { ...complete, "node_modules/bound": bound };
  const { status, stdout } = await runScript("lock-check", plantTree({ "package-lock.json": { packages } }));
  expect(status).toBe(1);
  expect(stdout).toContain("node_modules/bound is bound to https://registry.example/tool-1.0.0.tgz");
});

const manifests = {
  "package.json": { workspaces: ["packages/*", "app"], devDependencies: { tool: "1.0.0" } },
  "packages/one/package.json": {
    name: "one",
    dependencies: { two: "1.0.0" },
    peerDependencies: { tool: "1" },
  },
  "packages/notes/README.md": "no package",
  "app/package.json": { name: "app", dependencies: {} },
};
const lockedManifests = {
  "": { devDependencies: { tool: "1.0.0" } },
  "packages/one": { name: "one", dependencies: { two: "1.0.0" }, peerDependencies: { tool: "1" } },
  app: { name: "app" },
};

test("lock-check accepts workspaces that are locked as they are", async () => {
  const root = plantTree({ ...manifests, "package-lock.json": { packages: lockedManifests } });
  expect(await runScript("lock-check", root)).toMatchObject({ status: 0 });
});

test.each<[string, Record<string, object>, string]>([
  ["a workspace", { "packages/new/package.json": { name: "new" } }, "packages/new is not in the lockfile"],
  [
    "a dependency of a workspace",
    { "app/package.json": { name: "app", dependencies: { one: "1.0.0" } } },
    "app has other dependencies in its package.json than in the lockfile",
  ],
  [
    "a development dependency of the root",
    { "package.json": { workspaces: [], devDependencies: { tool: "1.0.0", more: "1.0.0" } } },
    "the root has other devDependencies in its package.json than in the lockfile",
  ],
])("lock-check refuses a lockfile that lacks %s", async (_, changed, problem) => {
  const root = plantTree({ ...manifests, ...changed, "package-lock.json": { packages: lockedManifests } });
  const { status, stdout } = await runScript("lock-check", root);
  expect(status).toBe(1);
  expect(stdout).toContain(problem);
});

test("lock-check fails on a lockfile without entries", async () => {
  const { status, stdout } = await runScript("lock-check", plantTree({ "package-lock.json": {} }));
  expect(status).toBe(1);
  expect(stdout).toContain("Nothing was checked");
});
