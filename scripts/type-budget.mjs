/**
 * What the types of protocols cost a compiler: instantiations, check time and memory per project of n procedures.
 *
 * A project has n procedures, a handler for each, a call of each that reads the answer, and every fifth call once more
 * through the proxy. Fails above a budget per procedure, and on any type error. The older compiler, which takes half a minute for
 * the largest project, is given it with `--full` only.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, parse, relative } from "node:path";
import { conclude, treeRoot } from "./check-run.mjs";
import { procedures } from "./type-budget/procedures.mjs";

/** Instantiations per procedure. */
const budget = 3_000;
/** Bytes of the declarations of a module that exports a client of 50 procedures, typed by an interface. */
const declarationBudget = 1_500;
const sizes = [50, 200, 500];
const isFull = process.argv.includes("--full");
const root = treeRoot();

/** @typedef {{ readonly name: string, readonly path: string, readonly flags: readonly string[], readonly sizes: readonly number[] }} Compiler */

/** Several checkers count what they share several times: one is asked for. @type {readonly Compiler[]} */
const compilers = [
  {
    name: "5.9",
    path: "node_modules/typescript-5.9/bin/tsc",
    flags: [],
    sizes: isFull ? sizes : sizes.slice(0, 2),
  },
  { name: "newest", path: "node_modules/typescript/bin/tsc", flags: ["--checkers", "1"], sizes },
];

/** @typedef {{ instantiations: number, checkSeconds: number, megabytes: number, errors: string }} Measure */

/**
 * The first number on the line of `--extendedDiagnostics` that begins with `label`.
 *
 * @param {string} output @param {string} label
 */
function diagnostic(output, label) {
  const line = output.split("\n").find((each) => each.startsWith(`${label}:`));
  const value = /[\d.]+/.exec(line ?? "");
  if (value === null) throw new Error(`No "${label}" in what the compiler said:\n${output}`);
  return Number(value[0]);
}

/** @param {Compiler} compiler @param {string} project @returns {Measure} */
function compile(compiler, project) {
  const { stdout, stderr, error } = spawnSync(
    process.execPath,
    [join(root, compiler.path), "-p", project, "--extendedDiagnostics", ...compiler.flags],
    { encoding: "utf8", maxBuffer: 2 ** 28 },
  );
  if (error !== undefined) throw error;
  const output = stdout + stderr;
  return {
    instantiations: diagnostic(output, "Instantiations"),
    checkSeconds: diagnostic(output, "Check time"),
    megabytes: diagnostic(output, "Memory used") / 1024,
    errors: output
      .split("\n")
      .filter((line) => /error TS\d+/.test(line))
      .slice(0, 20)
      .join("\n"),
  };
}

const areas = "accounts billing catalog delivery identity ledger media orders search stock".split(" ");

/**
 * Writes a project of `count` procedures.
 *
 * @param {string} folder @param {number} count
 */
function writeProject(folder, count) {
  const all = Array.from({ length: count }, (_, index) => {
    const template = procedures[index % procedures.length];
    if (template === undefined) throw new RangeError("There are no procedures to repeat");
    const [area, thing] = [areas[Math.floor(index / 10) % areas.length], `thing${Math.floor(index / 10)}`];
    return {
      ...template,
      index,
      name: `${area}/${thing}/${template.verb}`,
      path: `client.api.${area}.${thing}.${template.verb}`,
    };
  });
  const from = (/** @type {string} */ path) =>
    JSON.stringify(relative(folder, join(root, "packages/protocol", path)));
  const definitions = all.map(
    ({ name, definition }) => `  ${JSON.stringify(name)}: ${JSON.stringify(definition)},\n`,
  );
  const handlers = all.map(({ name, handler }) => `  ${JSON.stringify(name)}: ${handler},\n`);
  const calls = all.map(({ index, name, path, call, proxyCall }) => {
    const isFifth = index % 5 === Math.floor(index / 10) % 5; // another template in each ten
    const byProxy = isFifth ? `  {\n    ${proxyCall(path)}\n  }\n` : "";
    return `async function call${index}() {\n  {\n    ${call(JSON.stringify(name))}\n  }\n${byProxy}}\n`;
  });
  mkdirSync(folder, { recursive: true });
  const write = (/** @type {string} */ file, /** @type {string} */ text) =>
    writeFileSync(join(folder, file), text);
  write(
    "protocol.ts",
    `import type { ProtocolDefinition } from ${from("src/definition/protocol-definition.ts")};
export const protocol = {\n${definitions.join("")}} as const satisfies ProtocolDefinition;
type Definition = typeof protocol;
export interface Shop extends Definition {}\n`,
  );
  write(
    "server.ts",
    `import { Server } from ${from("test/definition/declared-peers.ts")};
import { protocol } from "./protocol.ts";
export const server: { dispose(): Promise<void> } = new Server({ protocol, public: true, handlers: {\n${handlers.join("")}} });\n`,
  );
  write(
    "client.ts",
    `import { Client, SocketTransport } from ${from("test/definition/declared-peers.ts")};
import type { AnyClientMessageOf, AnyServerMessageOf } from ${from("src/definition/message-types.ts")};
import type { Shop } from "./protocol.ts";
export const client = new Client({ transport: new SocketTransport<AnyServerMessageOf<Shop>, AnyClientMessageOf<Shop>>({ socket: "/shop" }) });\n`,
  );
  write(
    "calls.ts",
    `import { client } from "./client.ts";
void client;
declare function read(...values: unknown[]): void;
${calls.join("")}export const calls = [${all.map(({ index }) => `call${index}`).join(", ")}];
read(calls);\n`,
  );
  const base = JSON.parse(readFileSync(join(root, "tsconfig.base.json"), "utf8")).compilerOptions;
  const compilerOptions = { ...base, isolatedDeclarations: false, declaration: false };
  write(
    "tsconfig.json",
    JSON.stringify({ compilerOptions, files: ["protocol.ts", "server.ts", "client.ts", "calls.ts"] }),
  );
}

/**
 * How large the declarations of the module that exports the client are.
 *
 * @param {Compiler} compiler @param {string} project
 * @returns {number} 0 if the compiler wrote none
 */
function declarationBytes(compiler, project) {
  const folder = join(project, "declarations");
  spawnSync(process.execPath, [
    join(root, compiler.path),
    ...["-p", project, "--noEmit", "false", "--declaration", "--emitDeclarationOnly"],
    ...["--rootDir", parse(project).root, "--outDir", folder],
  ]);
  const path = join(folder, relative(parse(project).root, project), "client.d.ts");
  return existsSync(path) ? statSync(path).size : 0;
}

/** One line of the table. @param {readonly unknown[]} cells */
function printRow(cells) {
  const widths = [8, 12, 16, 15, 9, 6];
  console.log(cells.map((cell, column) => String(cell).padStart(widths[column] ?? 0)).join(""));
}

const temporary = mkdtempSync(join(tmpdir(), "type-budget-"));
/** @type {import("./check-run.mjs").Check[]} */
const checks = [];
try {
  for (const count of [0, ...sizes]) writeProject(join(temporary, `p${count}`), count);
  printRow(["compiler", "procedures", "instantiations", "per procedure", "check s", "MB"]);
  for (const compiler of compilers) {
    const empty = compile(compiler, join(temporary, "p0"));
    for (const count of compiler.sizes) {
      const { instantiations, checkSeconds, megabytes, errors } = compile(
        compiler,
        join(temporary, `p${count}`),
      );
      const each = Math.round((instantiations - empty.instantiations) / count);
      printRow([compiler.name, count, instantiations, each, checkSeconds.toFixed(2), megabytes.toFixed(0)]);
      const problems = errors === "" ? [] : [errors];
      if (each > budget) problems.push(`${each} instantiations per procedure, at most ${budget} are allowed`);
      checks.push({ name: `${count} procedures, TypeScript ${compiler.name}`, problems });
    }
    const bytes = declarationBytes(compiler, join(temporary, `p${sizes[0]}`));
    console.log(`${compiler.name.padStart(8)}  declarations of an exported client: ${bytes} bytes`);
    const isRight = bytes > 0 && bytes <= declarationBudget;
    const problems = isRight ? [] : [`${bytes} bytes, 1 to ${declarationBudget} are allowed`];
    checks.push({ name: `declarations, TypeScript ${compiler.name}`, problems });
  }
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
conclude(checks);
