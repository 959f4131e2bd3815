/**
 * The runtimes that are commands: this Node, those of tools/runtimes, Bun and Deno.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { runProgram } from "../source/run-program.mjs";
import { withFarServer } from "./far-server.mjs";

/** @typedef {import("./runtime.mjs").Runtime} Runtime */

const { platform, arch } = process;
const bunArch = arch === "arm64" ? "aarch64" : arch;

/** @type {readonly { name: string, from: string, file: string, args: readonly string[] }[]} files relative to tools/runtimes */
const commands = [
  ...["22", "24", "26"].map((major) => ({
    name: `Node ${major}`,
    from: "`node-*`",
    file: `n${major}/node_modules/node-${platform}-${arch}/bin/node`,
    args: [],
  })),
  {
    name: "Bun",
    from: "`@oven/bun-*`",
    file: `bun/node_modules/@oven/bun-${platform}-${bunArch}/bin/bun`,
    args: ["--no-install"],
  },
  {
    name: "Deno",
    from: "`@deno/*`",
    file: `deno/node_modules/@deno/${platform}-${arch}-glibc/deno`,
    args: ["run", "--allow-all", "--no-prompt", "--no-remote", "--quiet"],
  },
];

/** @param {string} root @returns {Runtime[]} the first is this Node */
export function commandLineRuntimes(root) {
  const others = commands.map((one) => ({ ...one, file: join(root, "tools/runtimes", one.file) }));
  const own = {
    name: `Node ${process.versions.node.split(".")[0]}`,
    from: "the machine",
    file: process.execPath,
    args: [],
  };
  const all = [own, ...others.filter(({ name }) => name !== own.name)];
  return all.map(({ name, from, file, args }) => ({
    name,
    from,
    async run(workshop) {
      const { project, programOf } = workshop;
      if (!existsSync(file)) throw new Error(`${file} is missing: node scripts/runtimes.mjs installs it`);
      const told = await runProgram(file, ["--version"], project);
      const version = /\d+(\.\d+)+/.exec(told.stdout)?.[0] ?? "";
      // That it ends by itself is part of what is shown.
      const ended = await withFarServer(workshop, [], (settings) =>
        runProgram(file, [...args, programOf("on-command-line"), JSON.stringify(settings)], project),
      );
      if (!ended.isOk) throw new Error(ended.output);
      return { version, report: JSON.parse(ended.stdout.trim().split("\n").at(-1) ?? "") };
    },
  }));
}
