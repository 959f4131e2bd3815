/**
 * A package registry on the loopback interface that holds what it is given, so that `npm install` runs as for a stranger and
 * reaches nothing else.
 *
 * Speaks what npm asks of a registry: GET of a package's document, GET of its tarball.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

/** @typedef {{ readonly manifest: { readonly name: string, readonly version: string }, readonly tarball: string }} Package */

/**
 * @param {readonly Package[]} packages `tarball` is a path
 * @returns {Promise<{ url: string, unknown: Set<string>, close: () => Promise<void> }>} `unknown`: names that were asked for and are not here
 */
export async function startRegistry(packages) {
  const byName = new Map(packages.map((one) => [one.manifest.name, one]));
  /** @type {Set<string>} */
  const unknown = new Set();
  let url = "";
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", url).pathname.slice(1));
    const isTarball = path.endsWith(".tgz");
    const found = byName.get(isTarball ? path.slice(0, -".tgz".length) : path);
    if (found === undefined) {
      unknown.add(path);
      response.writeHead(404, { "content-type": "application/json" }).end("{}");
      return;
    }
    const bytes = readFileSync(found.tarball);
    if (isTarball) {
      response.writeHead(200, { "content-type": "application/octet-stream" }).end(bytes);
      return;
    }
    const { manifest } = found;
    const { name, version } = manifest;
    const integrity = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
    const dist = { tarball: `${url}/${name}.tgz`, integrity };
    const body = { name, "dist-tags": { latest: version }, versions: { [version]: { ...manifest, dist } } };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The registry has no port");
  url = `http://127.0.0.1:${address.port}`;
  return {
    url,
    unknown,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
