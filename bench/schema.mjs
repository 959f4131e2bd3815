/**
 * Prints what validation costs: nanoseconds per value, milliseconds to make a protocol ready, bytes in a bundle.
 *
 *     node bench/schema.mjs            all engines, side by side
 *     node bench/schema.mjs closures   one engine in a process of its own
 *
 * Sources are bundled first, so that the numbers are those of plain JavaScript. Times are medians of samples.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

const level = { type: "string", enum: ["debug", "info", "warn", "error"] };
const entrySchema = {
  type: "object",
  properties: {
    id: { type: "string", minLength: 1, maxLength: 64 },
    level,
    at: { type: "integer", minimum: 0 },
    ok: { type: "boolean" },
    note: { type: ["string", "null"] },
  },
  required: ["id", "level", "at", "ok"],
  additionalProperties: false,
};
const entry = { id: "a1b2c3d4-0001", level: "info", at: 1732187654321, ok: true, note: "disk almost full" };

const closed = (properties, required = Object.keys(properties)) => ({
  type: "object",
  properties,
  required,
  additionalProperties: false,
});
const coordinate = { type: "number" };
const pageSchema = {
  ...closed({
    page: { type: "integer" },
    total: { type: "integer" },
    records: {
      type: "array",
      maxItems: 1_000,
      items: closed(
        {
          id: { type: "integer", minimum: 1 },
          user: { $ref: "#/$defs/user" },
          tags: { type: "array", items: { type: "string", maxLength: 32 }, maxItems: 16 },
          event: {
            oneOf: [
              closed({ kind: { const: "click" }, x: coordinate, y: coordinate, target: { type: "string" } }),
              closed({ kind: { const: "key" }, code: { type: "string", pattern: "^[A-Z][A-Za-z0-9]*$" } }),
              closed({
                kind: { const: "scroll" },
                by: { type: "array", prefixItems: [coordinate, coordinate], items: false, minItems: 2 },
              }),
            ],
          },
          price: { type: "number", minimum: 0, exclusiveMaximum: 1e6 },
          comment: { anyOf: [{ type: "string", maxLength: 500 }, { type: "null" }] },
          meta: { type: "object", additionalProperties: { type: "string" } },
        },
        ["id", "user", "tags", "event"],
      ),
    },
  }),
  $defs: {
    user: closed({
      name: { type: "string", minLength: 1 },
      email: { type: "string" },
      address: closed({ city: { type: "string" }, zip: { type: "string", pattern: "^[0-9]{4,6}$" } }, [
        "city",
      ]),
    }),
  },
};
const events = [
  (i) => ({ kind: "click", x: i * 1.5, y: i * 2.5, target: `#button-${i}` }),
  (i) => ({ kind: "key", code: `Key${i}` }),
  (i) => ({ kind: "scroll", by: [i, -i] }),
];
const page = {
  page: 1,
  total: 300,
  records: Array.from({ length: 30 }, (_, i) => ({
    id: i + 1,
    user: {
      name: `User Number ${i}`,
      email: `user${i}@example.com`,
      address: { city: `Some City ${i}`, zip: String(10_000 + i) },
    },
    tags: ["alpha", "beta", "gamma", `delta-${i}`],
    event: events[i % 3](i),
    price: i * 9.99,
    comment: i % 4 === 0 ? null : `a comment of some length, for record ${i}, and a few more words`,
    meta: { source: `import-${i % 5}`, batch: `b${i}`, origin: `https://example.com/items/${i}` },
  })),
};

const wrongEntry = { ...entry, at: -1 };
const wrongPage = structuredClone(page);
wrongPage.records[29].event = { kind: "key", code: "lower" };

/** Nanoseconds per run: the median and the best of 41 samples of about 2 ms. */
function measure(run) {
  let runs = 1;
  for (let elapsed = 0; elapsed < 2; runs *= 2) {
    const start = performance.now();
    for (let i = 0; i < runs; i++) run();
    elapsed = performance.now() - start;
  }
  const samples = Array.from({ length: 41 }, () => {
    const start = performance.now();
    for (let i = 0; i < runs; i++) run();
    return ((performance.now() - start) * 1e6) / runs;
  });
  samples.sort((a, b) => a - b);
  return { median: samples[20], best: samples[0] };
}

async function bundle(contents, options) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root, loader: "ts" },
    bundle: true,
    format: "esm",
    target: "es2022",
    conditions: ["@sluice/source"],
    write: false,
    logLevel: "error",
    ...options,
  });
  return outputFiles[0].contents;
}

async function load(folder) {
  const file = join(folder, "engines.mjs");
  await build({
    stdin: {
      contents: `export { closures } from "./packages/protocol/src/schema/closure-validator.ts";
        export { checkSchema } from "./packages/protocol/src/schema/check-schema.ts";
        export { ajv } from "./packages/server/src/ajv-validator.ts";
        export { Ajv2020 } from "ajv/dist/2020.js";`,
      resolveDir: root,
      loader: "ts",
    },
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    conditions: ["@sluice/source"],
    banner: {
      js: `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);`,
    },
    outfile: file,
    logLevel: "error",
  });
  return import(pathToFileURL(file).href);
}

const engines = {
  closures: ({ closures }) => closures(),
  ajv: ({ ajv }) => ajv(),
  /** Ajv alone, without what makes its verdicts those of the closures. */
  "bare ajv": ({ Ajv2020 }) => {
    const instance = new Ajv2020({
      allowUnionTypes: true,
      strictTuples: false,
      unicodeRegExp: true,
      logger: false,
    });
    return {
      compile: (schema) => {
        const check = instance.compile(schema);
        return (value) => (check(value) ? undefined : check.errors);
      },
    };
  },
};

async function measureEngine(name) {
  const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
  try {
    const loaded = await load(folder);
    const engine = engines[name](loaded);
    const schemas = Array.from({ length: 230 }, (_, i) =>
      structuredClone(i % 8 === 0 ? pageSchema : entrySchema),
    );
    const start = performance.now();
    for (const schema of schemas) engine.compile(schema);
    const readyMs = performance.now() - start;
    const [checkEntry, checkPage] = [engine.compile(entrySchema), engine.compile(pageSchema)];
    for (const [check, good, bad] of [
      [checkEntry, entry, wrongEntry],
      [checkPage, page, wrongPage],
    ]) {
      if (check(good) !== undefined || check(bad) === undefined)
        throw new Error(`${name} gives a wrong verdict`);
    }
    return {
      "small ok": measure(() => checkEntry(entry)),
      "small refused": measure(() => checkEntry(wrongEntry)),
      "medium ok": measure(() => checkPage(page)),
      "medium refused": measure(() => checkPage(wrongPage)),
      "230 schemas, cold, ms": { median: readyMs, best: readyMs },
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Minified and gzipped bytes of what a bundle gets. */
async function measureSizes() {
  const exported = {
    "closures, all": 'export { closures } from "./packages/protocol/src/schema/closure-validator.ts"',
    "checks and explanations":
      'export { compileSchema } from "./packages/protocol/src/schema/compile-schema.ts"',
    "of these, formats": 'export { formats } from "./packages/protocol/src/schema/formats.ts"',
    "references, bytes, tolerance":
      'export { plainSchema } from "./packages/protocol/src/schema/plain-schema.ts"',
    "bundled documents, dynamic scopes":
      'export { bundledSchema } from "./packages/protocol/src/schema/bundled-schema.ts"',
    checkSchema: 'export { checkSchema } from "./packages/protocol/src/schema/check-schema.ts"',
    binaryPaths: 'export { binaryPaths } from "./packages/protocol/src/schema/binary-paths.ts"',
    "Ajv 2020-12": 'export { Ajv2020 } from "ajv/dist/2020.js"',
  };
  const sizes = {};
  for (const [name, contents] of Object.entries(exported)) {
    const bytes = await bundle(contents, { minify: true, platform: "browser" });
    sizes[name] = { minified: bytes.length, gzipped: gzipSync(bytes, { level: 9 }).length };
  }
  return sizes;
}

const [only] = process.argv.slice(2);
if (only !== undefined) {
  console.log(JSON.stringify(await measureEngine(only)));
} else {
  const bytesOf = (value) => JSON.stringify(value).length;
  console.log(
    `Node ${process.version}; small: ${bytesOf(entry)} B, medium: ${bytesOf(page)} B; ns, median (best)`,
  );
  const table = {};
  for (const name of Object.keys(engines)) {
    const { stdout, stderr, status } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), name]);
    if (status !== 0) throw new Error(String(stderr));
    for (const [row, { median, best }] of Object.entries(JSON.parse(String(stdout)))) {
      table[row] = { ...table[row], [name]: `${median.toFixed(0)} (${best.toFixed(0)})` };
    }
  }
  const parse = (value) => {
    const text = JSON.stringify(value);
    const { median, best } = measure(() => JSON.parse(text));
    return `${median.toFixed(0)} (${best.toFixed(0)})`;
  };
  table["small ok"]["JSON.parse"] = parse(entry);
  table["medium ok"]["JSON.parse"] = parse(page);
  console.table(table);
  console.table(await measureSizes());
}
