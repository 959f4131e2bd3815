/** A tree that obeys the layers, and the plan that it obeys. */

/** A plan of these tests' own, so that the project's can change without them. */
export const plan: object = {
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

export const manifest = (name: string, exports: object, dependencies: object = {}): object => ({
  name: `@sluice/${name}`,
  exports,
  dependencies,
});
export const door = (source: string): object => ({ "@sluice/source": `./src/${source}` });

const protocolDoors = {
  ".": door("index.ts"),
  "./wire": door("wire.ts"),
  "./testing": door("testing/index.ts"),
  "./testing/node": door("testing/node/index.ts"),
};

/** Everything that is allowed and looks like something that is not. */
export const goodTree: Record<string, string | object> = {
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
