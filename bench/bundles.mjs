// PERF-W10: what a browser loads of a client with one call: esbuild, minified, gzipped.
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { peers } from "./peers/list.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const call = 'export const run = (client) => client.request("echo", { param: 1 });';

/** Client and transport, without a validator, as the goal is meant; and with everything. */
const own = {
  "Sluice over ws": `import { BareClient } from "@sluice/client/bare"; import { WebSocketTransport } from "@sluice/transport-websocket";
    export const open = (url) => new BareClient({ transport: new WebSocketTransport({ url }) }); ${call}`,
  "Sluice over http": `import { BareClient } from "@sluice/client/bare"; import { ClientTransport } from "@sluice/transport-http";
    export const open = (url) => new BareClient({ transport: new ClientTransport({ url }) }); ${call}`,
  "Sluice over ws, with its validator": `import { Client } from "@sluice/client"; import { WebSocketTransport } from "@sluice/transport-websocket";
    export const open = (url) => new Client({ transport: new WebSocketTransport({ url }) }); ${call}`,
};

async function gzipOf(contents, resolveDir) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir, loader: "js" },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    platform: "browser",
    define: { "process.env.NODE_ENV": '"production"' },
    write: false,
    logLevel: "silent",
  });
  return gzipSync(outputFiles[0].contents, { level: 9 }).length;
}

/** @returns bytes by name: `{ gzip }`, or `{ reason }` */
export async function measureBundles() {
  const bundles = {};
  for (const [name, code] of Object.entries(own)) bundles[name] = { gzip: await gzipOf(code, here) };
  for (const { name, bundle } of peers) {
    bundles[name] =
      "code" in bundle ? { gzip: await gzipOf(bundle.code, `${here}peers`) } : { reason: bundle.reason };
  }
  return bundles;
}
