/**
 * Checks that imports point down: between packages, between the floors of a package, and from outside only through doors.
 *
 * It also keeps platforms out of packages that know none, timers inside the clock, and cycles out of every package. The
 * tables below are the house's plan; ARCHITECTURE.md explains them.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join, posix } from "node:path";
import { conclude, flagValue, treeRoot } from "./check-run.mjs";
import { findCycles } from "./source/find-cycles.mjs";
import { readSources, sourceFiles } from "./source/read-sources.mjs";

/**
 * @typedef {object} PackagePlan
 * @property {readonly string[]} below packages of ours that it may import
 * @property {readonly (string | readonly string[])[]} floors what is in `src/`, bottom up: `name.ts`, `folder/`, or a file of
 *   a folder that has a floor of its own; several on one floor as a list. The longest match counts
 * @property {readonly string[]} [node] files and folders of `src/` that may know Node; absent: none
 */

/** @type {Record<string, PackagePlan>} */
const ownPlans = {
  protocol: {
    below: [],
    floors: [
      "errors/",
      "limits.ts",
      "clock.ts",
      "event-emitter.ts",
      "address.ts",
      "definition/json-schema.ts",
      "schema/",
      "definition/",
      "frame/",
      "codec/",
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
      "reconnect-policy.ts",
      "connection.ts",
      "client-options.ts",
      "procedures.ts",
      "reverse-calls.ts",
      "client.ts",
      "by-scheme.ts",
      "connect.ts",
      "index.ts",
    ],
  },
  server: {
    below: ["protocol"],
    floors: [
      "access.ts",
      "ajv-validator.ts",
      "validation.ts",
      "service-registry.ts",
      "server-connection.ts",
      "lifecycle.ts",
      "server-options.ts",
      "connection-acceptor.ts",
      "by-scheme.ts",
      "server.ts",
      ["index.ts", "ajv.ts"],
    ],
  },
  "transport-memory": {
    below: ["protocol"],
    floors: [
      "turn-queue.ts",
      "memory-duplex.ts",
      "memory-link.ts",
      "memory-transport.ts",
      "by-address.ts",
      "index.ts",
    ],
  },
  "transport-socket": {
    below: ["protocol"],
    floors: [
      "node-utf8.ts",
      "unix-path.ts",
      "socket-duplex.ts",
      "connect-socket.ts",
      "listen-socket.ts",
      "socket-transport.ts",
      "by-address.ts",
      "index.ts",
    ],
    node: [""],
  },
};

/** The only files that may arm a timer. */
const clockFiles = ["packages/protocol/src/clock.ts"];
/** Files that import nothing of ours, so that what they test cannot be wrong in the same way. */
const standaloneFiles = ["packages/protocol/src/testing/raw-peer.ts"];
/** Where an `import()` may be computed, since bundlers cannot follow it. */
const computedImportFile = /^packages\/[^/]+\/src\/by-scheme\.ts$/;
/** What stands outside the packages and may use their doors only. */
const outsideFolders = ["recipes", "tests", "bench"];

const timerGlobals = new Set([
  "setTimeout",
  "setInterval",
  "clearTimeout",
  "clearInterval",
  "AbortSignal.timeout",
]);
const timerModules = new Set(["timers", "timers/promises"]);
const platformGlobals = new Set([
  ...[
    "Buffer",
    "process",
    "require",
    "module",
    "global",
    "setImmediate",
    "clearImmediate",
    "__dirname",
    "__filename",
  ],
  ...[
    "window",
    "document",
    "navigator",
    "location",
    "localStorage",
    "sessionStorage",
    "XMLHttpRequest",
    "NodeJS",
  ],
]);

/** @typedef {import("./source/read-sources.mjs").SourceFacts} SourceFacts */
/** @typedef {{ name?: string, exports?: Record<string, unknown>, dependencies?: object, peerDependencies?: object, devDependencies?: object }} Manifest */

const root = treeRoot();
const planFile = flagValue("--plan");
/** @type {Record<string, PackagePlan>} The table above, or the JSON file that `--plan` names. */
const packagePlans = planFile === undefined ? ownPlans : JSON.parse(readFileSync(planFile, "utf8"));

/** @param {string} folder @returns {string[]} */
function subfolders(folder) {
  if (!existsSync(join(root, folder))) return [];
  const entries = readdirSync(join(root, folder), { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && entry.name !== "node_modules")
    .map(({ name }) => name);
}

/** @param {string} folder @returns {Manifest} */
function manifestOf(folder) {
  const path = join(root, folder, "package.json");
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
}

/** Every door of every package, as programs import it. */
const doors = new Set(
  subfolders("packages").flatMap((name) =>
    Object.keys(manifestOf(`packages/${name}`).exports ?? {}).map((key) =>
      posix.join(`@sluice/${name}`, key),
    ),
  ),
);

/** @param {string} specifier @returns {string} the package's name in `node_modules` */
function packageNameOf(specifier) {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

/** @param {string} specifier @returns {boolean} */
function isRelative(specifier) {
  return specifier.startsWith(".") || specifier.startsWith("/");
}

/** @param {string} from a file @param {string} specifier @returns {string} the path it means, relative to the root */
function targetOf(from, specifier) {
  return posix.join(posix.dirname(from), specifier);
}

/**
 * @param {PackagePlan} plan
 * @param {string} inside a file, relative to `src/`
 * @returns {{ rank: number, name: string } | undefined} `undefined` for a file without a place
 */
function floorOf(plan, inside) {
  const matches = plan.floors.flatMap((floor, rank) =>
    [floor]
      .flat()
      .filter((name) => (name.endsWith("/") ? inside.startsWith(name) : inside === name))
      .map((name) => ({ rank, name })),
  );
  return matches.sort((a, b) => b.name.length - a.name.length)[0];
}

/**
 * @param {string} name the package's folder
 * @param {PackagePlan} plan
 * @param {readonly SourceFacts[]} files its sources
 * @returns {string[]}
 */
function packageProblems(name, plan, files) {
  const src = `packages/${name}/src/`;
  const manifest = manifestOf(`packages/${name}`);
  const dependencies = { ...manifest.dependencies, ...manifest.peerDependencies };
  const problems = Object.keys({ ...dependencies, ...manifest.devDependencies })
    .filter(
      (dependency) =>
        dependency.startsWith("@sluice/") && !plan.below.includes(dependency.slice("@sluice/".length)),
    )
    .map(
      (dependency) => `packages/${name}/package.json depends on ${dependency}, which is not below ${name}`,
    );

  for (const { path, imports, globals } of files) {
    const inside = path.slice(src.length);
    const own = floorOf(plan, inside);
    const knowsNode = (plan.node ?? []).some((prefix) => inside.startsWith(prefix));
    const isClock = clockFiles.includes(path);
    /** @param {number} line @param {string} what */
    const report = (line, what) => problems.push(`${path}:${line} ${what}`);

    if (own === undefined) report(1, "has no place in the list of floors");
    if (posix.basename(path) === "index.ts" && !isDoor(manifest, path.slice(`packages/${name}/`.length))) {
      report(1, "is an index.ts without a door in package.json");
    }
    for (const { specifier, line } of imports) {
      if (specifier === undefined) {
        if (!computedImportFile.test(path)) report(line, "computes the specifier of an import()");
      } else if (isRelative(specifier)) {
        if (standaloneFiles.includes(path))
          report(line, `imports ${specifier}, and may import nothing of ours`);
        const target = targetOf(path, specifier);
        const floor = floorOf(plan, target.slice(src.length));
        if (!target.startsWith(src)) report(line, `imports ${specifier}, which is outside of ${src}`);
        else if (!existsSync(join(root, target))) report(line, `imports ${specifier}, which is no file`);
        else if (own && floor && floor.rank > own.rank) {
          report(line, `imports ${specifier}: ${floor.name} is above ${own.name}`);
        }
      } else if (isBuiltin(specifier)) {
        if (!knowsNode) report(line, `imports ${specifier}, and knows no platform`);
        if (timerModules.has(specifier.replace(/^node:/, "")))
          report(line, `imports ${specifier}; use the clock`);
      } else {
        const dependency = packageNameOf(specifier);
        const isOurs = dependency.startsWith("@sluice/");
        if (isOurs && standaloneFiles.includes(path)) {
          report(line, `imports ${specifier}, and may import nothing of ours`);
        }
        if (isOurs && !plan.below.includes(dependency.slice("@sluice/".length))) {
          report(line, `imports ${specifier}, which is not below ${name}`);
        } else if (isOurs && !doors.has(specifier)) {
          report(line, `imports ${specifier}, which is no door`);
        } else if (!Object.hasOwn(dependencies, dependency)) {
          report(line, `imports ${specifier}, which package.json does not list`);
        }
      }
    }
    for (const { name: used, line } of globals) {
      if (timerGlobals.has(used) && !isClock) report(line, `uses ${used}; use the clock`);
      if (platformGlobals.has(used) && !knowsNode) report(line, `uses ${used}, and knows no platform`);
    }
  }
  return [...problems, ...findCycles(edgesOf(files)).map((cycle) => `${cycle.join(" -> ")} is a cycle`)];
}

/** @param {Manifest} manifest @param {string} file relative to the package @returns {boolean} */
function isDoor(manifest, file) {
  return JSON.stringify(manifest.exports ?? {}).includes(`"./${file}"`);
}

/**
 * Which file imports which at run time.
 *
 * @param {readonly SourceFacts[]} files
 * @returns {Map<string, string[]>}
 */
function edgesOf(files) {
  return new Map(
    files.map(({ path, imports }) => {
      const values = imports.filter(({ specifier, isType }) => !isType && specifier && isRelative(specifier));
      return [path, values.map(({ specifier }) => targetOf(path, specifier ?? ""))];
    }),
  );
}

/**
 * What stands outside a package's `src/`: it stays in its own folder and uses doors.
 *
 * @param {SourceFacts} file
 * @returns {string[]}
 */
function outsideProblems({ path, imports }) {
  const parts = path.split("/");
  const home = parts[0] === "tests" || parts[0] === "bench" ? `${parts[0]}/` : `${parts[0]}/${parts[1]}/`;
  const dependencies = manifestOf(home).dependencies ?? {};
  const isTest = /\.test(-d)?\.ts$/.test(path);
  return imports.flatMap(({ specifier, line }) => {
    if (specifier === undefined || isBuiltin(specifier)) return [];
    if (isRelative(specifier)) {
      const staysHome = targetOf(path, specifier).startsWith(home);
      return staysHome ? [] : [`${path}:${line} imports ${specifier}, which is outside of ${home}`];
    }
    const dependency = packageNameOf(specifier);
    if (dependency.startsWith("@sluice/") && !doors.has(specifier)) {
      return [`${path}:${line} imports ${specifier}, which is no door`];
    }
    if (parts[0] === "recipes" && !isTest && !Object.hasOwn(dependencies, dependency)) {
      return [`${path}:${line} imports ${specifier}, which package.json does not list`];
    }
    return [];
  });
}

const packageChecks = subfolders("packages").map((name) => {
  const plan = packagePlans[name];
  if (plan === undefined) return { name: `packages/${name}`, problems: ["has no plan in check-layers.mjs"] };
  const files = readSources(root, sourceFiles(root, `packages/${name}/src`));
  if (files.length === 0) return { name: `packages/${name}`, problems: ["has no sources"] };
  const tests = readSources(root, sourceFiles(root, `packages/${name}/test`));
  return {
    name: `packages/${name}`,
    problems: [...packageProblems(name, plan, files), ...tests.flatMap(outsideProblems)],
  };
});
const outsideChecks = outsideFolders.flatMap((folder) => {
  const files = readSources(root, sourceFiles(root, folder));
  return files.length === 0 ? [] : [{ name: folder, problems: files.flatMap(outsideProblems) }];
});
conclude([...packageChecks, ...outsideChecks]);
