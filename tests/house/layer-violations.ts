/** One planted violation of every rule of layers. */
import { door, manifest } from "./layered-tree.ts";

/** Name of the rule, the planted file, its contents, and what the check says about it. */
export const violations: readonly (readonly [string, string, string | object, string])[] = [
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
    "has no plan in layers/house-plan.mjs",
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
