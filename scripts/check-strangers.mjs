/**
 * Uses the packages as a stranger would: installs their tarballs into an empty project, compiles it with each TypeScript that
 * is supported, runs it on each Node, and runs the conformance kit of the tarball on a peer and on a transport of its own.
 *
 * Stands on `npm run build`, and on the runtimes of tools/runtimes. The registry that `npm install` asks is one of our own on the
 * loopback interface: it holds our tarballs and, packed from node_modules, what they depend on, and nothing else.
 */
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { conclude, treeRoot } from "./check-run.mjs";
import { dependencyFolders, manifestOf, packFolders, publishedFolders } from "./source/pack-packages.mjs";
import { runNpm, runProgram } from "./source/run-program.mjs";
import { startRegistry } from "./strangers/local-registry.mjs";

/** @typedef {import("./check-run.mjs").Check} Check */
/** @typedef {Pick<import("./source/run-program.mjs").Ended, "isOk" | "output">} Ended */

const root = treeRoot();

/** What the program prints, once for each transport. */
const printed = "2 × pen 10 4 1-2-3 3\n".repeat(3);

/** TypeScript by the folder of node_modules that holds it. */
const compilers = ["typescript-5.9", "typescript-6", "typescript"];

/** What the conformance kit is to report on: a few cases of each role, since its own tests run all of them. @type {readonly (readonly [string, string[]])[]} */
const kitSubjects = [
  [
    "a peer",
    ["--only", "RQ-1,ST-1", "--", "python3", "node_modules/@sluice/protocol/conformance/reference_peer.py"],
  ],
  ["a transport", ["--only", "RQ-1,ST-1", "--transport", "./kit-setup.js"]],
];
const kitCounts = /: [1-9]\d* ok, 0 non-strict, 0 failed, 0 not applicable; 0 closed uncleanly/;

/** @returns {{ name: string, file: string }[]} this Node and those of tools/runtimes that fit this machine */
function runtimes() {
  const tools = join(root, "tools/runtimes");
  const binary = `node_modules/node-${process.platform}-${process.arch}/bin/node`;
  const others = readdirSync(tools)
    .filter((name) => /^n\d+$/.test(name))
    .sort()
    .map((name) => ({ name, file: join(tools, name, binary) }));
  return [{ name: `this Node (${process.version})`, file: process.execPath }, ...others];
}

/** @param {string} name @param {Ended} ended @param {string} [wanted] exact output @returns {Check} */
function checkOf(name, { isOk, output }, wanted) {
  const isRight = isOk && (wanted === undefined || output === wanted);
  return { name, problems: isRight ? [] : [output.trim() || "failed without a word"] };
}

const folder = mkdtempSync(join(tmpdir(), "sluice-stranger-"));
const tarballs = join(folder, "tarballs");
const project = join(folder, "project");
cpSync(join(import.meta.dirname, "strangers/project"), project, { recursive: true });
/** @type {Check[]} */
const checks = [];
try {
  const own = publishedFolders(root);
  const manifests = own.map(manifestOf);
  const wanted = [...manifests, { name: "", version: "", dependencies: { "@types/node": "" } }];
  const packages = await packFolders(root, [...own, ...dependencyFolders(root, wanted)], tarballs);
  const optional = new Set(
    packages.flatMap(({ manifest: { optionalDependencies = {}, peerDependenciesMeta = {} } }) => [
      ...Object.keys(optionalDependencies),
      ...Object.keys(peerDependenciesMeta).filter((name) => peerDependenciesMeta[name]?.optional === true),
    ]),
  );
  const registry = await startRegistry(packages);
  try {
    const dependencies = Object.fromEntries(manifests.map(({ name, version }) => [name, version]));
    const manifest = {
      name: "stranger",
      private: true,
      type: "module",
      dependencies,
      devDependencies: { "@types/node": "*" },
    };
    writeFileSync(join(project, "package.json"), JSON.stringify(manifest));
    const args = [
      "install",
      "--no-audit",
      "--no-fund",
      "--omit=optional",
      "--registry",
      registry.url,
      "--cache",
      join(folder, "cache"),
    ];
    const installed = await runNpm(args, project, {
      npm_config_workspaces: "false",
      npm_config_prefer_online: "true",
    });
    checks.push(checkOf("npm install of the tarballs", installed));
    checks.push({
      name: "what they depend on is declared and published",
      problems: [...registry.unknown]
        .filter((name) => !optional.has(name))
        .map((name) => `npm asked for ${name}`),
    });
  } finally {
    await registry.close();
  }
  for (const compiler of compilers) {
    const version = manifestOf(join(root, "node_modules", compiler)).version;
    const tsc = join(root, "node_modules", compiler, "bin/tsc");
    checks.push(
      checkOf(
        `compiles under TypeScript ${version}`,
        await runProgram(process.execPath, [tsc, "-p", project], project),
      ),
    );
  }
  for (const { name, file } of runtimes()) {
    const ended = existsSync(file)
      ? await runProgram(file, ["program.js"], project)
      : { isOk: false, output: `${file} is missing: node scripts/runtimes.mjs installs it` };
    checks.push(checkOf(`runs on ${name}`, ended, printed));
  }
  for (const [subject, args] of kitSubjects) {
    const ended = await runNpm(["exec", "--offline", "--", "sluice-conformance", ...args], project, {
      npm_config_workspaces: "false",
    });
    const isWhole = ended.isOk && kitCounts.test(ended.output);
    checks.push(checkOf(`npx sluice-conformance reports on ${subject}`, { ...ended, isOk: isWhole }));
  }
  conclude(checks);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
