/** `scripts/check-layers.mjs`: each rule finds its planted violation, and what is allowed passes. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Ended, plantTree, runScript } from "./planted-tree.ts";

/** A plan of these tests' own, so that the project's can change without them. */
const plan = {
  protocol: {
    below: [],
    floors: [
      "errors/",
      "limits.ts",
      "clock.ts",
      "definition/json-schema.ts",
      "schema/",
      "definition/",
      "codec/",
      "frame/",
      "link/",
      "session/",
      "call/",
      ["index.ts", "wire.ts", "msgpack.ts"],
      "testing/",
      "testing/node/",
    ],
    node: ["testing/node/"],
  },
  client: {
    below: ["protocol"],
    floors: [
      ["reconnect-policy.ts", "call-options.ts", "typed-calls.ts", "middleware.ts", "service-proxy.ts"],
      ["call/", "by-scheme.ts"],
      "connection.ts",
      "client.ts",
      "index.ts",
    ],
  },
  server: { below: ["protocol"], floors: ["index.ts"] },
  "transport-memory": { below: ["protocol"], floors: ["index.ts"] },
  "transport-socket": {
    below: ["protocol"],
    floors: [["pipe.ts", "socket-link.ts", "connect-socket.ts"], "index.ts"],
    node: [""],
  },
};

function checkLayers(files: Record<string, string | object>): Promise<Ended> {
  const root = plantTree({ ...files, "plan.json": plan });
  return runScript("check-layers", root, ["--plan", join(root, "plan.json")]);
}

const manifest = (name: string, exports: object, dependencies: object = {}): object => ({
  name: `@sluice/${name}`,
  exports,
  dependencies,
});
const door = (source: string): object => ({ "@sluice/source": `./src/${source}` });

const protocolDoors = {
  ".": door("index.ts"),
  "./wire": door("wire.ts"),
  "./testing": door("testing/index.ts"),
  "./testing/node": door("testing/node/index.ts"),
};

/** Everything that is allowed and looks like something that is not. */
const goodTree: Record<string, string | object> = {
  "packages/protocol/package.json": manifest("protocol", protocolDoors, { msgpackr: "2.1.3" }),
  "packages/protocol/src/errors/sluice-error.ts": "export class SluiceError extends Error {}\n",
  "packages/protocol/src/limits.ts":
    'import { SluiceError } from "./errors/sluice-error.ts";\nvoid SluiceError;\n',
  "packages/protocol/src/clock.ts":
    "export const later = (run: () => void) => {\n  clearTimeout(0);\n  setInterval(run, 1);\n  AbortSignal.timeout(1);\n  return setTimeout(run, 1);\n};\n",
  "packages/protocol/src/definition/json-schema.ts": "export type JsonSchema = boolean;\n",
  "packages/protocol/src/schema/validator.ts":
    'import type { JsonSchema } from "../definition/json-schema.ts";\nexport type Validate = (schema: JsonSchema) => void;\n',
  "packages/protocol/src/definition/kinds.ts":
    'import type { Validate } from "../schema/validator.ts";\nexport type Kind = Validate;\n',
  "packages/protocol/src/codec/codec.ts":
    'import { Packr } from "msgpackr";\nexport const packr = new Packr();\n// setTimeout, Buffer and process are only words here\n',
  // a cycle of types alone
  "packages/protocol/src/session/session.ts":
    'import type { Turns } from "./turns.ts";\nexport interface Session { turns: Turns }\nexport const session = 1;\n',
  "packages/protocol/src/session/turns.ts":
    'import { session } from "./session.ts";\nexport interface Turns { session: typeof session }\n',
  // local names that are also names of globals
  "packages/protocol/src/session/credit-window.ts":
    'import { packr } from "../codec/codec.ts";\n' +
    "export function grant({ window, document: location }: { window: number; document: number }): object {\n  const process = { window, exit: 0 };\n  return { window, process: process.exit, module: location };\n}\nexport interface Grown { window: number; setTimeout(): void }\nconst { document: own } = packr;\nexport const size = (limits: Grown) => limits.window + (limits.setTimeout() ?? 0);\n",
  "packages/protocol/src/index.ts": 'export { session } from "./session/session.ts";\n',
  "packages/protocol/src/wire.ts": 'export { packr } from "./codec/codec.ts";\n',
  "packages/protocol/src/testing/index.ts": 'export { session } from "../index.ts";\n',
  "packages/protocol/src/testing/raw-peer.ts": "export const bytes = new Uint8Array();\n",
  "packages/protocol/src/testing/node/index.ts":
    'import { connect } from "node:net";\nexport const peer = () => connect(process.pid + Buffer.length);\n',
  "packages/protocol/test/session/session.test.ts":
    'import { session } from "../../src/session/session.ts";\nimport { setTimeout } from "node:timers/promises";\nvoid session;\nvoid setTimeout(Buffer.length);\n',
  "packages/client/package.json": manifest(
    "client",
    { ".": door("index.ts") },
    { "@sluice/protocol": "0.0.0" },
  ),
  "packages/client/src/by-scheme.ts": "export const load = (scheme: string) => import(scheme);\n",
  "packages/client/src/connection.ts":
    'import { session } from "@sluice/protocol";\nexport const one = session;\n',
  "packages/client/src/client.ts":
    'import { one } from "./connection.ts";\nexport const lazy = () => import("./connection.ts");\nexport const two = one;\n',
  "packages/client/src/index.ts": 'export { two } from "./client.ts";\n',
  "packages/transport-socket/package.json": manifest(
    "transport-socket",
    { ".": door("index.ts") },
    { "@sluice/protocol": "0.0.0" },
  ),
  "packages/transport-socket/src/index.ts":
    'import { connect } from "node:net";\nexport const link = () => connect(process.pid);\n',
  "recipes/counter/package.json": { dependencies: { "@sluice/client": "0.0.0" } },
  "recipes/counter/main.ts":
    'import { two } from "@sluice/client";\nimport { readFileSync } from "node:fs";\nimport { other } from "./src/other.ts";\nvoid [two, other, readFileSync];\n',
  "recipes/counter/src/other.ts": "export const other = setTimeout;\n",
  "recipes/counter/recipe.test.ts": 'import { test } from "vitest";\nimport "./main.ts";\nvoid test;\n',
  "tests/setups/socket.ts": 'import { session } from "@sluice/protocol/testing/node";\nvoid session;\n',
  "bench/limit.mjs": 'import "@sluice/protocol/wire";\n',
};

/** Name of the rule, the planted file, its contents, and what the check says about it. */
const violations: readonly (readonly [string, string, string | object, string])[] = [
  [
    "a floor imports the floor above",
    "packages/protocol/src/frame/above.ts",
    'import "../session/session.ts";\n',
    ":1 imports ../session/session.ts: session/ is above frame/",
  ],
  [
    "a type is imported from the floor above",
    "packages/protocol/src/codec/type-above.ts",
    '\nimport type { Turns } from "../session/turns.ts";\nexport type T = Turns;\n',
    ":2 imports ../session/turns.ts: session/ is above codec/",
  ],
  [
    "a type is imported in place",
    "packages/protocol/src/codec/inline-type.ts",
    'export type T = import("../session/turns.ts").Turns;\n',
    ":1 imports ../session/turns.ts: session/ is above codec/",
  ],
  [
    "a floor is re-exported from above",
    "packages/protocol/src/link/re-export.ts",
    'export { session } from "../session/session.ts";\n',
    ":1 imports ../session/session.ts: session/ is above link/",
  ],
  [
    "a floor is loaded lazily from above",
    "packages/protocol/src/link/lazy.ts",
    'export const load = () => import("../session/session.ts");\n',
    ":1 imports ../session/session.ts: session/ is above link/",
  ],
  [
    "a definition other than JSON Schema is imported by a schema",
    "packages/protocol/src/schema/upwards.ts",
    'import type { Kind } from "../definition/kinds.ts";\nexport type K = Kind;\n',
    ":1 imports ../definition/kinds.ts: definition/ is above schema/",
  ],
  [
    "a door imports the testing floor",
    "packages/protocol/src/msgpack.ts",
    'import "./testing/raw-peer.ts";\n',
    ":1 imports ./testing/raw-peer.ts: testing/ is above msgpack.ts",
  ],
  [
    "a top-level name has no floor",
    "packages/protocol/src/utils.ts",
    "export const u = 1;\n",
    ":1 has no place in the list of floors",
  ],
  [
    "an index.ts is no door",
    "packages/protocol/src/link/index.ts",
    "export const u = 1;\n",
    ":1 is an index.ts without a door in package.json",
  ],
  [
    "an import names no file",
    "packages/protocol/src/link/missing.ts",
    'import "./nowhere";\n',
    ":1 imports ./nowhere, which is no file",
  ],
  [
    "an import leaves src",
    "packages/protocol/src/link/outwards.ts",
    'import "../../../client/src/client.ts";\n',
    ":1 imports ../../../client/src/client.ts, which is outside of packages/protocol/src/",
  ],
  [
    "a Node module is imported",
    "packages/protocol/src/link/node-import.ts",
    'import "node:net";\n',
    ":1 imports node:net, and knows no platform",
  ],
  [
    "a Node module is imported without its prefix",
    "packages/client/src/reconnect-policy.ts",
    'import "fs/promises";\n',
    ":1 imports fs/promises, and knows no platform",
  ],
  ...["Buffer", "process", "window", "document", "require", "setImmediate", "__dirname"].map(
    (name) =>
      [
        `${name} is used`,
        `packages/protocol/src/link/global-${name.toLowerCase()}.ts`,
        `export const g = [${name}];\n`,
        `:1 uses ${name}, and knows no platform`,
      ] as const,
  ),
  [
    "a platform's global is used in a shorthand property",
    "packages/protocol/src/link/shorthand.ts",
    "export const g = { process };\n",
    ":1 uses process, and knows no platform",
  ],
  [
    "a platform's global is reached through globalThis",
    "packages/protocol/src/link/global-this.ts",
    'export const g = (globalThis as never)["process"] ?? globalThis.process;\n',
    ":1 uses process, and knows no platform",
  ],
  [
    "a platform's type is used",
    "packages/protocol/src/link/node-type.ts",
    "export type T = NodeJS.Timeout;\n",
    ":1 uses NodeJS, and knows no platform",
  ],
  [
    "a timer is armed outside of the clock",
    "packages/protocol/src/session/heartbeat.ts",
    "export const beat = () => setTimeout(() => {}, 1);\n",
    ":1 uses setTimeout; use the clock",
  ],
  [
    "a timer is armed in a package that knows Node",
    "packages/transport-socket/src/pipe.ts",
    "export const beat = () => setInterval(() => {}, 1);\n",
    ":1 uses setInterval; use the clock",
  ],
  [
    "a signal times out by itself",
    "packages/client/src/call-options.ts",
    "export const signal = () => AbortSignal.timeout(1);\n",
    ":1 uses AbortSignal.timeout; use the clock",
  ],
  [
    "Node's timers are imported",
    "packages/transport-socket/src/socket-link.ts",
    'import { setTimeout } from "node:timers/promises";\nexport const pause = setTimeout;\n',
    ":1 imports node:timers/promises; use the clock",
  ],
  [
    "an import() is computed outside of by-scheme.ts",
    "packages/client/src/typed-calls.ts",
    "export const load = (name: string) => import(name);\n",
    ":1 computes the specifier of an import()",
  ],
  [
    "by-scheme.ts lies in another folder",
    "packages/client/src/call/by-scheme.ts",
    "export const load = (name: string) => import(name);\n",
    ":1 computes the specifier of an import()",
  ],
  [
    "a package imports one beside it",
    "packages/client/src/service-proxy.ts",
    'import "@sluice/transport-socket";\n',
    ":1 imports @sluice/transport-socket, which is not below client",
  ],
  [
    "a package imports itself by name",
    "packages/protocol/src/link/itself.ts",
    'import "@sluice/protocol";\n',
    ":1 imports @sluice/protocol, which is not below protocol",
  ],
  [
    "a package imports what is no door",
    "packages/client/src/middleware.ts",
    'import "@sluice/protocol/src/clock.ts";\n',
    ":1 imports @sluice/protocol/src/clock.ts, which is no door",
  ],
  [
    "a dependency is not declared",
    "packages/transport-socket/src/connect-socket.ts",
    'import "ws";\n',
    ":1 imports ws, which package.json does not list",
  ],
  [
    "a manifest depends on a package beside it",
    "packages/transport-memory/package.json",
    {
      ...manifest("transport-memory", { ".": door("index.ts") }),
      devDependencies: { "@sluice/client": "0.0.0" },
    },
    "packages/transport-memory/package.json depends on @sluice/client, which is not below transport-memory",
  ],
  ["a package has no sources", "packages/server/package.json", manifest("server", {}), "has no sources"],
  [
    "a package has no plan",
    "packages/stranger/package.json",
    manifest("stranger", {}),
    "has no plan in check-layers.mjs",
  ],
  [
    "a unit test reaches into another package",
    "packages/client/test/reaching.test.ts",
    'import "../../protocol/src/clock.ts";\n',
    ":1 imports ../../protocol/src/clock.ts, which is outside of packages/client/",
  ],
  [
    "a test imports what is no door",
    "tests/no-door.test.ts",
    'import "@sluice/protocol/session";\n',
    ":1 imports @sluice/protocol/session, which is no door",
  ],
  [
    "a test reaches into a package",
    "tests/reaching.test.ts",
    'import "../packages/protocol/src/clock.ts";\n',
    ":1 imports ../packages/protocol/src/clock.ts, which is outside of tests/",
  ],
  [
    "a recipe reaches into another recipe",
    "recipes/counter/reaching.ts",
    'import "../other/main.ts";\n',
    ":1 imports ../other/main.ts, which is outside of recipes/counter/",
  ],
  [
    "a recipe uses what its package.json does not list",
    "recipes/counter/undeclared.ts",
    'import "@sluice/transport-socket";\n',
    ":1 imports @sluice/transport-socket, which package.json does not list",
  ],
  [
    "a benchmark reaches into a package",
    "bench/reaching.mjs",
    'import "../packages/x.ts";\n',
    ":1 imports ../packages/x.ts, which is outside of bench/",
  ],
];

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
  expect(await checkLayers({ ...goodTree, ...late })).toMatchObject({
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

test.each([
  ["a file of ours", 'import "./index.ts";\n', "./index.ts"],
  [
    "a type of ours",
    'import type { S } from "../session/session.ts";\nexport type T = S;\n',
    "../session/session.ts",
  ],
  ["a package of ours", 'import "@sluice/protocol";\n', "@sluice/protocol"],
])("check-layers keeps the raw peer from importing %s", async (_, content, specifier) => {
  const path = "packages/protocol/src/testing/raw-peer.ts";
  const { status, stdout } = await checkLayers({ ...goodTree, [path]: content });
  expect(stdout).toContain(`${path}:1 imports ${specifier}, and may import nothing of ours`);
  expect(status).toBe(1);
});

test("check-layers fails when it finds nothing to check", async () => {
  expect(await checkLayers({ "README.md": "" })).toMatchObject({ status: 1 });
});
