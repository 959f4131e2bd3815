// Installs the peers by their own lockfile, unless they are there already.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL(".", import.meta.url));

/** @returns versions by package, of package.json */
export const peerVersions = () => JSON.parse(readFileSync(`${folder}package.json`, "utf8")).dependencies;

/** @param say prints a text @throws if npm fails */
export function installPeers(say) {
  const isThere = Object.entries(peerVersions()).every(([name, version]) => {
    const manifest = `${folder}node_modules/${name}/package.json`;
    return existsSync(manifest) && JSON.parse(readFileSync(manifest, "utf8")).version === version;
  });
  if (isThere) return;
  say("Installing the peers (npm ci in bench/peers) …\n");
  const { status } = spawnSync("npm", ["ci", "--ignore-scripts"], {
    cwd: folder,
    stdio: ["ignore", "inherit", "inherit"],
    shell: process.platform === "win32",
  });
  if (status !== 0) throw new Error(`npm ci in bench/peers ended with status ${status}`);
}
