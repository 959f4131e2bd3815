/** `scripts/setup.mjs`: npm ci runs when something is missing, and only then. */
import { existsSync, readFileSync, rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { plant, plantTree } from "./planted-tree.ts";
import { type Ended, runScript } from "./run-script.ts";

const lock = {
  packages: {
    "": { name: "planted" },
    "node_modules/left": { version: "1.0.0", integrity: "sha512-left" },
    "node_modules/for-another-platform": { version: "1.0.0", optional: true },
  },
};
const installed = { packages: { "node_modules/left": { version: "1.0.0", integrity: "sha512-left" } } };

/** Stands in for npm: notes its arguments, and installs what `lock` asks for. */
const fakeNpm = `
  const fs = require("node:fs");
  fs.appendFileSync("npm.log", process.argv[2] + "\\n");
  if (fs.existsSync("npm-fails")) process.exit(3);
  fs.rmSync("node_modules", { recursive: true, force: true });
  fs.mkdirSync("node_modules");
  fs.writeFileSync("node_modules/.package-lock.json", ${JSON.stringify(JSON.stringify(installed))});
`;

function plantProject(more: Record<string, string | object> = {}): string {
  return plantTree({
    "package.json": { name: "planted", engines: { node: ">=20.19.0" } },
    "package-lock.json": lock,
    "npm.js": fakeNpm,
    ...more,
  });
}

function setup(root: string): Promise<Ended> {
  return runScript("setup", root, [], { npm_execpath: join(root, "npm.js") });
}

/** How often npm ci has run. */
function installs(root: string): number {
  return existsSync(join(root, "npm.log"))
    ? readFileSync(join(root, "npm.log"), "utf8").split("ci\n").length - 1
    : 0;
}

test("setup installs where nothing is installed, and not again", async () => {
  const root = plantProject();
  expect((await setup(root)).status).toBe(0);
  expect(installs(root)).toBe(1);
  expect((await setup(root)).stdout).toBe("");
  expect(installs(root)).toBe(1);
});

test("setup installs again when the lockfile has changed, whatever the file times say", async () => {
  const root = plantProject();
  await setup(root);
  plant(root, {
    "package-lock.json": { packages: { ...lock.packages, "node_modules/right": { version: "1.0.0" } } },
  });
  utimesSync(join(root, "package-lock.json"), 0, 0);
  await setup(root);
  expect(installs(root)).toBe(2);
});

test("setup does not install again when only the file times have changed", async () => {
  const root = plantProject();
  await setup(root);
  const tomorrow = Date.now() / 1000 + 86_400;
  utimesSync(join(root, "package-lock.json"), tomorrow, tomorrow);
  await setup(root);
  expect(installs(root)).toBe(1);
});

test("setup accepts what npm install has installed, with other platforms' packages absent", async () => {
  const root = plantProject({ "node_modules/.package-lock.json": installed });
  expect((await setup(root)).status).toBe(0);
  expect(installs(root)).toBe(0);
});

test.each([
  ["of another version", { "node_modules/left": { version: "1.0.1", integrity: "sha512-left" } }],
  ["with other contents", { "node_modules/left": { version: "1.0.0", integrity: "sha512-other" } }],
  ["that the lockfile does not have", { ...installed.packages, "node_modules/extra": { version: "1.0.0" } }],
])("setup installs over a package %s", async (_, packages) => {
  const root = plantProject({ "node_modules/.package-lock.json": { packages } });
  await setup(root);
  expect(installs(root)).toBe(1);
});

test("setup installs when a required package is absent from npm's record", async () => {
  const root = plantProject({ "node_modules/.package-lock.json": { packages: {} } });
  await setup(root);
  expect(installs(root)).toBe(1);
});

test("setup installs over the packages of another platform", async () => {
  const root = plantProject({
    "node_modules/.package-lock.json": installed,
    "node_modules/.sluice-setup": "digest plan9-pdp11\n",
  });
  await setup(root);
  expect(installs(root)).toBe(1);
});

test("setup fails when npm ci fails, and tries again the next time", async () => {
  const root = plantProject({ "npm-fails": "" });
  const { status, stderr } = await setup(root);
  expect(status).toBe(1);
  expect(stderr).toContain("npm ci ended with status 3");
  rmSync(join(root, "npm-fails"));
  expect((await setup(root)).status).toBe(0);
  expect(installs(root)).toBe(2);
});

test("setup refuses a Node that is too old, before it installs", async () => {
  const root = plantProject({ "package.json": { engines: { node: ">=999.1.0" } } });
  const { status, stderr } = await setup(root);
  expect(status).toBe(1);
  expect(stderr).toContain(`Sluice needs Node >=999.1.0, this is ${process.versions.node}`);
  expect(installs(root)).toBe(0);
});
