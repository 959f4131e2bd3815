/** `scripts/check-docs.mjs`: code on a page that does not compile, run or print what the page says is noticed. */
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { linkNodeModules, plant, plantTree, repository } from "./planted-tree.ts";
import { type Ended, runScript } from "./run-script.ts";

const fence = "```";
const block = (info: string, code: string): string => `${fence}${info}\n${code}\n${fence}\n`;

function checkDocs(
  pages: Record<string, string>,
  args: readonly string[] = [],
): Promise<Ended & { root: string }> {
  const base = readFileSync(join(repository, "tsconfig.base.json"), "utf8");
  const root = plantTree({ "tsconfig.base.json": base, ...pages });
  linkNodeModules(root);
  return runScript("check-docs", root, args).then((ended) => ({ ...ended, root }));
}

test("check-docs checks and runs the code of every page, and leaves nothing behind", async () => {
  const { status, stdout, root } = await checkDocs({
    "README.md": `# Page\n\n${block("ts run", "console.log(1 + 1);")}\n${block("text", "2")}`,
    "docs/page.md": block("ts", "const a: number = await Promise.resolve(1);\nvoid a;"),
    "packages/one/README.md": block("ts", "const a: string = '';\nvoid a;"),
    "recipes/two/README.md": `${block("sh", "not code")}${block("ts no-check a sketch", "this is no code")}`,
    "packages/one/CHANGELOG.md": block("ts", "not looked at"),
  });
  expect(stdout).toBe(
    "not checked: recipes/two/README.md:4 (a sketch)\n4 pages, 3 modules, 1 blocks not checked\n4 passed, 0 failed\n",
  );
  expect(status).toBe(0);
  expect(readdirSync(root).filter((name) => name.startsWith(".docs"))).toEqual([]);
});

/** What is wrong, the page, and what is said about it; `PAGE` is where it is. */
const faults: readonly (readonly [string, string, string])[] = [
  ["a type error", `Text.\n\n${block("ts", "\nconst a: number = 'x';\nvoid a;")}`, "PAGE:5 error TS2322"],
  ["a name that nothing declares", block("ts", "undeclared();"), "PAGE:2 error TS2304"],
  ["a package that does not exist", block("ts", 'import "@sluice/nowhere";'), "PAGE:2 error TS"],
  ["a neighbouring file that does not exist", block("ts", 'import "./nowhere.ts";'), "PAGE:2 error TS"],
  [
    "a type error in a block typescript",
    block("typescript", "const a: 1 = 2;\nexport {};"),
    "PAGE:2 error TS2322",
  ],
  [
    "a type error in an indented block",
    "- item\n\n  ```ts\n  const a: 1 = 2;\n  ```\n",
    "PAGE:4 error TS2322",
  ],
  [
    "a type error in the block that continues",
    `${block("ts", "const a = 1;\nvoid a;")}and\n${block("ts continues", "const b: string = a;")}`,
    "PAGE:7 error TS2322",
  ],
  ["an exception", block("ts run", 'throw new Error("at run time");'), "at run time"],
  ["an exit code", block("ts run", "process.exit(3);"), "PAGE:2 ended with status 3"],
  [
    "output other than the page says",
    `${block("ts run", "console.log(3);")}${block("text", "4")}`,
    "PAGE:2 printed\n  3\n  where the page says\n  4\n",
  ],
  [
    "output of which the page says less",
    `${block("ts run", 'console.log("4\\n5");')}${block("text", "4")}`,
    "PAGE:2 printed",
  ],
  ["a block no-check without a reason", block("ts no-check", "x"), "PAGE:1 no-check needs a reason"],
  ["an unknown word", block("ts runs", "export {};"), "PAGE:1 unknown words after ts: runs"],
  ["a block in JavaScript", block("js", "x"), "PAGE:1 a js block is not checked; write it as ts"],
  ["a block that continues nothing", block("ts continues", "export {};"), "PAGE:1 continues nothing"],
  [
    "a file name outside of the page's folder",
    block("ts file=../x.ts", "export {};"),
    "PAGE:1 file=../x.ts is no name",
  ],
];

const server = block(
  "ts file=server.ts",
  `import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
const url = new URL("http://127.0.0.1:8080");
const server = createServer((_, response) => response.end(\`here is \${url.hostname}:\${port()}\\n\\nover\\n\`));
const port = (): number => (server.address() as AddressInfo).port;
server.listen(Number(url.port), () => console.log(\`http://127.0.0.1:\${port()}\`));`,
);
const onServer = (transcript: string): string => `${server}${block("console server=server.ts", transcript)}`;

/** What is wrong with a transcript, as {@link faults}. */
const faultyTranscripts: typeof faults = [
  [
    "a command that prints other than the page says",
    onServer("$ echo a\nb"),
    "PAGE:10 printed\n  a\n  where the page says\n  b\n",
  ],
  ["a command that prints less than the page says", onServer("$ echo a\na\nb"), "PAGE:10 printed"],
  [
    "a command that prints a line more than its dots stand for",
    onServer("$ printf 'a\\nb\\n'\n…"),
    "PAGE:10 printed",
  ],
  ["a command that does not end", onServer("$ sleep 60; true"), "did not end within"],
  [
    "a server that the page does not have",
    block("console server=other.ts", "$ true"),
    "is no block of this page",
  ],
  ["a transcript without a command", onServer("true"), "begins with a command"],
  [
    "a server that ends",
    `${block("ts file=server.ts", 'throw new Error("at 127.0.0.1:8080");')}${block("console server=server.ts", "$ true")}`,
    "its server ended with status 1",
  ],
  [
    "a server without a port",
    `${block("ts file=server.ts", "export {};")}${block("console server=server.ts", "$ true")}`,
    "listens at no http://127.0.0.1",
  ],
];

const pageOf = (rows: typeof faults, what: string): string =>
  `docs/page-${rows.findIndex(([name]) => name === what)}.md`;

/** All faulty pages in one tree, looked at once: none hides another. */
function findFaults(rows: typeof faults): () => Promise<Ended> {
  let found: Promise<Ended> | undefined;
  return () => {
    found ??= checkDocs(Object.fromEntries(rows.map(([what, text]) => [pageOf(rows, what), text])), [
      "--timeout",
      "5000",
    ]);
    return found;
  };
}

describe.each([
  ["a page", faults],
  ["a transcript", faultyTranscripts],
])("check-docs notices in %s", (_, rows) => {
  const find = findFaults(rows);

  test.each(rows)("%s", async (what, __, problem) => {
    const page = pageOf(rows, what);
    const { stdout } = await find();
    const about = stdout
      .split(/\n(?=\S| {2}docs\/)/)
      .filter((text) => text.split("\n")[0]?.includes(`${page}:`));
    expect(about.join("\n")).toContain(problem.replace("PAGE", page));
  });

  test("all of that, and nothing else", async () => {
    const { stdout, status } = await find();
    const named = new Set(stdout.match(/docs\/page-\d+\.md/g));
    expect([...named].sort()).toEqual(rows.map(([what]) => pageOf(rows, what)).sort());
    expect(stdout).toMatch(/[1-9]\d* failed\n$/);
    expect(status).toBe(1);
  });
});

test.each([
  ["a type error", block("ts", "const a: 1 = 2;\nvoid a;"), "README.md:2 error TS2322"],
  // The compiler looks at no types where it cannot read something.
  ["a syntax error", block("ts", "const = 1;"), "README.md:2 error TS1"],
])("check-docs fails for a single page with %s", async (_, text, problem) => {
  const { status, stdout } = await checkDocs({ "README.md": text });
  expect(stdout).toContain(problem);
  expect(stdout).toMatch(/ 1 failed\n$/);
  expect(status).toBe(1);
});

test("check-docs ends a program that does not end by itself", async () => {
  const page = block("ts run", 'console.log("waiting");\nsetInterval(() => {}, 1000);');
  const { status, stdout } = await checkDocs({ "README.md": page }, ["--timeout", "1500"]);
  expect(stdout).toContain("README.md:2 did not end within 1500 ms");
  expect(status).toBe(1);
});

test("check-docs compares output with the block directly below only", async () => {
  const { status } = await checkDocs({
    "README.md": `${block("ts run", "console.log(3);")}It prints a number, for example\n${block("text", "4")}`,
  });
  expect(status).toBe(0);
});

test("check-docs joins blocks that continue, and runs them as one program", async () => {
  const { status, stdout } = await checkDocs({
    "README.md": `${block("ts", "const a = 40;")}then\n${block("ts continues run", "console.log(a + 2);")}\n${block("text", "42")}`,
  });
  expect(stdout).toBe("1 pages, 1 modules, 0 blocks not checked\n2 passed, 0 failed\n");
  expect(status).toBe(0);
});

test("check-docs lets blocks import the page's named blocks and the files beside the page", async () => {
  const { status, stdout } = await checkDocs({
    "recipes/two/beside.ts": "export const beside = 40;\n",
    "recipes/two/README.md": [
      block("ts file=two.ts", "export const two: number = 2;"),
      block(
        "ts run",
        'import { beside } from "./beside.ts";\nimport { two } from "./two.ts";\nconsole.log(beside + two);',
      ),
      block("text", "42"),
    ].join("\n"),
  });
  expect(stdout).toBe("1 pages, 2 modules, 0 blocks not checked\n3 passed, 0 failed\n");
  expect(status).toBe(0);
});

test("check-docs keeps the names of one block out of another", async () => {
  const { status } = await checkDocs({
    "README.md": `${block("ts", "const a = 1;")}${block("ts", "const a = 2;")}`,
  });
  expect(status).toBe(0);
});

test.each([
  ["a name", 'import { from } from "@sluice/planted";'],
  [
    "a name that is computed",
    'const name: string = "@sluice/planted"; const { from } = await import(name); export {};',
  ],
])("check-docs takes the project's packages from their sources, imported by %s", async (_, imports) => {
  const planted = {
    "package.json": {
      name: "@sluice/planted",
      type: "module",
      exports: {
        ".": {
          browser: "./src/browser.ts",
          node: { "@sluice/source": "./src/node.ts" },
          "@sluice/source": "./src/other.ts",
          default: "./dist/index.js",
        },
      },
    },
    "src/node.ts": 'export const from: string = "source for node";',
    "src/other.ts": 'export const from: string = "source for others";',
    "dist/index.js": 'export const from = "dist";',
  };
  const root = plantTree(
    Object.fromEntries(
      Object.entries(planted).map(([path, content]) => [`packages/planted/${path}`, content]),
    ),
  );
  plant(root, {
    "tsconfig.base.json": readFileSync(join(repository, "tsconfig.base.json"), "utf8"),
    "README.md": `${block("ts run", `${imports}\nconsole.log(from);`)}${block("text", "source for node")}`,
  });
  mkdirSync(join(root, "node_modules/@sluice"), { recursive: true });
  symlinkSync(join(root, "packages/planted"), join(root, "node_modules/@sluice/planted"));
  for (const name of ["typescript", "@typescript", "@types", "undici-types"])
    if (existsSync(join(repository, "node_modules", name)))
      symlinkSync(join(repository, "node_modules", name), join(root, "node_modules", name));
  const { stdout, status } = await runScript("check-docs", root);
  expect(stdout).toMatch(/\n2 passed, 0 failed\n$/);
  expect(status).toBe(0);
});

test("check-docs fails when no page holds code", async () => {
  expect(await checkDocs({ "README.md": "# Page\n" })).toMatchObject({ status: 1 });
});

test("check-docs runs a transcript against the page's server, on a port that is free", async () => {
  const transcript =
    "$ curl -s \\\n    http://127.0.0.1:8080/\nhere is 127.0.0.1:8080\n\nover\n$ echo a 1 b >&2\na … b";
  const { status, stdout } = await checkDocs({
    "README.md": `${server}${block("console", "$ rm -rf nothing")}${block("console server=server.ts", transcript)}`,
  });
  expect(stdout).toMatch(/\n2 passed, 0 failed\n$/);
  expect(status).toBe(0);
});
