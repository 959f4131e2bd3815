/** `scripts/check-layers.mjs`: each rule finds its planted violation, and what is allowed passes. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { violations } from "./layer-violations.ts";
import { door, goodTree, manifest, plan } from "./layered-tree.ts";
import { plantTree } from "./planted-tree.ts";
import { type Ended, runHosted, runScript } from "./run-script.ts";

function checkLayers(files: Record<string, string | object>): Promise<Ended> {
  const root = plantTree({ ...files, "plan.json": plan });
  return runHosted("check-layers", root, ["--plan", join(root, "plan.json")]);
}

test("check-layers passes a tree that obeys, and counts a check for each package and folder", async () => {
  const { status, stdout } = await checkLayers(goodTree);
  expect(stdout).toBe("6 passed, 0 failed\n");
  expect(status).toBe(0);
});

/** All violations in one tree: none of them hides another. */
const badTree: Record<string, string | object> = {
  ...goodTree,
  "packages/transport-memory/src/index.ts": "export {};\n",
  ...Object.fromEntries(violations.map(([, path, content]) => [path, content])),
};
let found: Promise<readonly string[]> | undefined;

/** What the check says about the bad tree, line by line, without the closing line. */
function findViolations(): Promise<readonly string[]> {
  found ??= checkLayers(badTree).then(({ stdout }) =>
    stdout
      .split("\n")
      .filter((line) => line.startsWith("  "))
      .map((line) => line.trim()),
  );
  return found;
}

test.each(violations)("check-layers notices that %s", async (_, path, __, problem) => {
  expect(await findViolations()).toContain(problem.startsWith(":") ? `${path}${problem}` : problem);
});

test("check-layers reports nothing but the violations", async () => {
  const expected = violations.map(([, path, , problem]) =>
    problem.startsWith(":") ? `${path}${problem}` : problem,
  );
  expect([...(await findViolations())].sort()).toEqual(expected.sort());
});

test("check-layers fails for a single violation", async () => {
  const late = { "packages/protocol/src/link/late.ts": "setTimeout;\n" };
  const root = plantTree({ ...goodTree, ...late, "plan.json": plan });
  expect(await runScript("check-layers", root, ["--plan", join(root, "plan.json")])).toMatchObject({
    status: 1,
    stdout: expect.stringMatching(/uses setTimeout; use the clock\n5 passed, 1 failed\n$/),
  });
});

const cycle = {
  "packages/protocol/src/call/a.ts": 'import { b } from "./b.ts";\nexport const a = b;\n',
  "packages/protocol/src/call/b.ts": 'export { c as b } from "./c.ts";\n',
  "packages/protocol/src/call/c.ts":
    'import { type X } from "./a.ts";\nexport const c = 1 as unknown as X;\n',
};

test("check-layers notices a cycle, and a type-only import does not close one", async () => {
  const closed = await checkLayers({ ...goodTree, ...cycle });
  const folder = "packages/protocol/src/call";
  expect(closed.stdout).toContain(
    `${folder}/a.ts -> ${folder}/b.ts -> ${folder}/c.ts -> ${folder}/a.ts is a cycle`,
  );
  const opened = {
    ...cycle,
    "packages/protocol/src/call/c.ts":
      'import type { X } from "./a.ts";\nexport const c = 1 as unknown as X;\n',
  };
  expect(await checkLayers({ ...goodTree, ...opened })).toMatchObject({ status: 0 });
});

/** The tests' plan with a folder whose files import only each other. */
const lonePlan = {
  ...plan,
  protocol: {
    ...(plan as { readonly protocol: object }).protocol,
    alone: ["testing/raw/"],
  },
};
const rawFolder = "packages/protocol/src/testing/raw";
const rawPeer = {
  [`${rawFolder}/encode.ts`]: "export interface Frame { type: number }\nexport const encode = 1;\n",
  [`${rawFolder}/peer.ts`]:
    'import type { Frame } from "./encode.ts";\nimport { encode } from "./encode.ts";\nexport const peer = (frame: Frame) => encode + frame.type;\n',
  "packages/protocol/src/testing/index.ts": 'export { peer } from "./raw/peer.ts";\n',
};

function checkRawPeer(files: Record<string, string>): Promise<Ended> {
  const root = plantTree({ ...goodTree, ...rawPeer, ...files, "plan.json": lonePlan });
  return runHosted("check-layers", root, ["--plan", join(root, "plan.json")]);
}

test("check-layers lets the files of the raw peer import each other, and others import them", async () => {
  expect(await checkRawPeer({})).toMatchObject({ status: 0, stdout: "6 passed, 0 failed\n" });
});

test.each([
  ["a file of ours beside its folder", 'import "../raw-peer.ts";\n', "../raw-peer.ts"],
  ["a file of ours from a floor below", 'import "../../limits.ts";\n', "../../limits.ts"],
  ["a folder with a name like its own", 'import "../raw-more/bytes.ts";\n', "../raw-more/bytes.ts"],
  [
    "a type of ours",
    'import type { S } from "../../session/session.ts";\nexport type T = S;\n',
    "../../session/session.ts",
  ],
  ["a file of ours lazily", 'export const load = () => import("../../limits.ts");\n', "../../limits.ts"],
  ["a package of ours", 'import "@sluice/protocol";\n', "@sluice/protocol"],
])("check-layers keeps the raw peer from importing %s", async (_, content, specifier) => {
  const { status, stdout } = await checkRawPeer({
    "packages/protocol/src/testing/raw-more/bytes.ts": "export const bytes = 1;\n",
    [`${rawFolder}/decode.ts`]: content,
  });
  expect(stdout).toContain(
    `${rawFolder}/decode.ts:1 imports ${specifier}, and may import nothing of ours outside of testing/raw/`,
  );
  expect(status).toBe(1);
});

test("check-layers keeps the project's own raw peer from importing anything of ours", async () => {
  const path = "packages/protocol/src/testing/raw/decode-raw.ts";
  const root = plantTree({ ...goodTree, [path]: 'import "../../limits.ts";\n' });
  const { stdout } = await runHosted("check-layers", root);
  expect(stdout).toContain(
    `${path}:1 imports ../../limits.ts, and may import nothing of ours outside of testing/raw/`,
  );
});

test("check-layers lets a named file load packages that are not below, as peers, and nobody else", async () => {
  const loading = {
    ...plan,
    "transport-socket": {
      ...(plan as Readonly<Record<string, object>>)["transport-socket"],
      floors: ["both.ts", "pipe.ts", "index.ts"],
      loads: { "both.ts": ["client"] },
    },
  };
  const check = (files: Record<string, string | object>): Promise<Ended> => {
    const root = plantTree({ ...goodTree, ...files, "plan.json": loading });
    return runHosted("check-layers", root, ["--plan", join(root, "plan.json")]);
  };
  const own = { "@sluice/protocol": "0.0.0" };
  const client = { "@sluice/client": "0.0.0" };
  const socket = manifest("transport-socket", { ".": door("index.ts") }, own);
  const src = "packages/transport-socket/src";
  const allowed = {
    "packages/transport-socket/package.json": { ...socket, peerDependencies: client },
    [`${src}/both.ts`]:
      'import type { Two } from "@sluice/client";\nexport const load = (): Two => import("@sluice/client");\n',
  };
  expect(await check(allowed)).toMatchObject({ status: 0 });

  const problem = "imports @sluice/client, which is not below transport-socket";
  const eager = { ...allowed, [`${src}/both.ts`]: 'import "@sluice/client";\n' };
  expect((await check(eager)).stdout).toContain(`${src}/both.ts:1 ${problem}`);
  const other = { ...allowed, [`${src}/pipe.ts`]: 'export const load = () => import("@sluice/client");\n' };
  expect((await check(other)).stdout).toContain(`${src}/pipe.ts:1 ${problem}`);
  const installed = {
    ...allowed,
    "packages/transport-socket/package.json": { ...socket, dependencies: { ...own, ...client } },
  };
  expect((await check(installed)).stdout).toContain(
    "package.json depends on @sluice/client, which is not below",
  );
});

test("check-layers fails when it finds nothing to check", async () => {
  expect(await checkLayers({ "README.md": "" })).toMatchObject({ status: 1 });
});
