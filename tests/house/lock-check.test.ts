/** `scripts/lock-check.mjs`: a lockfile that cannot be installed on another machine is refused. */
import { expect, test } from "vitest";
import { plantTree, runScript } from "./planted-tree.ts";

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
  expect(await runScript("lock-check", root)).toMatchObject({ status: 0, stdout: "2 passed, 0 failed\n" });
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

test("lock-check fails on a lockfile without entries", async () => {
  const { status, stdout } = await runScript("lock-check", plantTree({ "package-lock.json": {} }));
  expect(status).toBe(1);
  expect(stdout).toContain("Nothing was checked");
});
