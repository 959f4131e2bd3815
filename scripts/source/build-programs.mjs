/**
 * Builds programs that import the sources into JavaScript that Node runs without a loader, all in one go.
 *
 * A loader of TypeScript costs every process more than half a second, and a test run starts hundreds. What is built is what a
 * loader would have run: each source file once, with its names, and `import.meta.url` where it was.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

/** @typedef {{ readonly specifier: string, readonly path: string }} Door `path` is absolute */
/** @typedef {{ readonly name: string, readonly path: string }} Program `name`: its file in the folder, without `.mjs` */
/** @typedef {{ readonly path: string | undefined, readonly text: string }} BuildProblem `path`: the file that it is in, absolute */

/** What Node and the sources are called in `exports`. */
const conditions = ["@sluice/source", "node", "import", "default"];

/** @param {unknown} target of an entry of `exports` @returns {string | undefined} the file that it means for sources on Node */
function sourceOf(target) {
  if (typeof target === "string") return target;
  if (target === undefined) return undefined;
  const match = Object.entries(/** @type {object} */ (target)).find(([condition]) =>
    conditions.includes(condition),
  );
  return sourceOf(match?.[1]);
}

/** @param {string} root @returns {Door[]} of every package */
function doorsOf(root) {
  const packages = join(root, "packages");
  if (!existsSync(packages)) return [];
  return readdirSync(packages).flatMap((folder) => {
    const manifest = join(packages, folder, "package.json");
    if (!existsSync(manifest)) return [];
    const { name, exports = {} } = JSON.parse(readFileSync(manifest, "utf8"));
    return Object.entries(exports).flatMap(([door, target]) => {
      const source = sourceOf(target);
      if (!source?.endsWith(".ts")) return [];
      return [{ specifier: join(name, door), path: join(packages, folder, source) }];
    });
  });
}

/**
 * Lets programs in `folder` import doors by names that are known at run time only, and get the modules that they have.
 *
 * @param {string} folder
 * @param {readonly Door[]} doors
 */
function writeDoors(folder, doors) {
  const packages = new Set(doors.map(({ specifier }) => specifier.split("/").slice(0, 2).join("/")));
  for (const name of packages) {
    const own = doors.filter(({ specifier }) => specifier === name || specifier.startsWith(`${name}/`));
    const place = join(folder, "node_modules", name);
    mkdirSync(place, { recursive: true });
    const exports = own.map(({ specifier }, at) => {
      const built = relative(place, join(folder, "doors", `${specifier}.mjs`));
      writeFileSync(join(place, `${at}.mjs`), `export * from ${JSON.stringify(built)};\n`);
      return [`.${specifier.slice(name.length)}`, `./${at}.mjs`];
    });
    writeFileSync(
      join(place, "package.json"),
      JSON.stringify({ name, exports: Object.fromEntries(exports) }),
    );
  }
}

/** Modules of npm are imported when the program runs. @type {import("esbuild").Plugin} */
const outside = {
  name: "outside",
  setup({ onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === "entry-point" || path.startsWith("@sluice/") ? undefined : { path, external: true },
    );
  },
};

/** A module finds the files beside it by `import.meta.url`. @type {import("esbuild").Plugin} */
const ownUrl = {
  name: "own-url",
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      const url = JSON.stringify(pathToFileURL(path).href);
      return { contents: text.replaceAll(/\bimport\.meta\.url\b/g, url), loader: "ts" };
    });
  },
};

/**
 * @param {string} root the tree of the packages and of node_modules
 * @param {readonly Program[]} programs
 * @param {string} folder inside of `root`, where npm's packages are found from
 * @returns {Promise<BuildProblem[]>} if there are some, nothing is built
 */
export async function buildPrograms(root, programs, folder) {
  const doors = doorsOf(root);
  const entries = [
    ...programs.map(({ name, path }) => ({ out: name, in: path })),
    ...doors.map(({ specifier, path }) => ({ out: `doors/${specifier}`, in: path })),
  ];
  try {
    await build({
      absWorkingDir: root,
      entryPoints: entries,
      outdir: folder,
      outExtension: { ".js": ".mjs" },
      chunkNames: "chunks/[name]-[hash]",
      bundle: true,
      splitting: true,
      format: "esm",
      platform: "node",
      target: "node20",
      conditions,
      keepNames: true,
      plugins: [outside, ownUrl],
      tsconfigRaw: "{}",
      logLevel: "silent",
    });
  } catch (reason) {
    const { errors } = /** @type {import("esbuild").BuildFailure} */ (reason);
    if (errors === undefined) throw reason;
    return errors.map(({ text, location }) => ({
      path: location === null ? undefined : join(root, location.file),
      text: location === null ? text : `${location.line}: ${text}`,
    }));
  }
  writeDoors(folder, doors);
  return [];
}
