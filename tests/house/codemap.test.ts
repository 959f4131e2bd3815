/** `scripts/codemap.mjs`: the map in ARCHITECTURE.md is written from head comments, and a stale one is noticed. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { plant, plantTree } from "./planted-tree.ts";
import { runHosted, runScript } from "./run-script.ts";

const page = "# A house\n\n<!-- map: written by `npm run codemap` -->\nold\n<!-- end of map -->\n\nAfter.\n";
const sources = {
  "packages/protocol/src/clock.ts":
    "/**\n * Time behind one interface: a monotonic now, and timers.\n *\n * The only file that touches `setTimeout`.\n */\n\nexport const x = 1;\n",
  "packages/protocol/src/frame/frame.ts":
    '/**\n * The frames of clock.ts v1.2 e.g. DATA,\n * as {@link Frame} objects. More about it.\n */\nimport type { X } from "../clock.ts";\nexport type Frame = X;\n',
  "packages/protocol/src/index.ts": '/** The door. */\nexport type { X } from "./clock.ts";\n',
  "packages/protocol/src/frame/bare.ts": "/** No full stop */\n\nexport {};\n",
  "scripts/tool.mjs": '#!/usr/bin/env node\n/** Does it! */\nimport "node:fs";\n',
  "packages/client/test/not-mapped.ts": "export {};\n",
};
const map = `# A house

<!-- map: written by \`npm run codemap\` -->

### packages/protocol/src

- \`clock.ts\` Time behind one interface: a monotonic now, and timers
- \`index.ts\` The door

**\`frame/\`**

- \`bare.ts\` No full stop
- \`frame.ts\` The frames of clock.ts v1.2 e.g. DATA, as \`Frame\` objects

### scripts

- \`tool.mjs\` Does it!

<!-- end of map -->

After.
`;

test("codemap writes the first sentence of each head comment, by folder, and leaves the rest of the page", async () => {
  const root = plantTree({ ...sources, "ARCHITECTURE.md": page });
  expect(await runScript("codemap", root)).toMatchObject({ status: 0, stdout: "2 passed, 0 failed\n" });
  expect(readFileSync(join(root, "ARCHITECTURE.md"), "utf8")).toBe(map);
});

test("codemap --check passes a current map, and writes nothing", async () => {
  const root = plantTree({ ...sources, "ARCHITECTURE.md": map });
  expect(await runHosted("codemap", root, ["--check"])).toMatchObject({ status: 0 });
  plant(root, { "ARCHITECTURE.md": page });
  await runHosted("codemap", root, ["--check"]);
  expect(readFileSync(join(root, "ARCHITECTURE.md"), "utf8")).toBe(page);
});

test.each([
  [
    "a sentence has changed",
    { "packages/protocol/src/frame/bare.ts": "/** Another sentence. */\n\nexport {};\n" },
  ],
  ["a file is new", { "packages/protocol/src/new.ts": "/** New. */\n\nexport {};\n" }],
])("codemap --check notices that %s", async (_, change) => {
  const root = plantTree({ ...sources, "ARCHITECTURE.md": map, ...change });
  const { status, stdout } = await runHosted("codemap", root, ["--check"]);
  expect(stdout).toContain("is stale: run `npm run codemap`");
  expect(status).toBe(1);
});

test.each([
  ["without any comment", "export {};\n"],
  ["with a comment that is no head comment", "// a line\nexport {};\n"],
  ["with a docstring of its first declaration only", "/** What one is. */\nexport const one = 1;\n"],
  ["with an empty comment", "/** */\n\nexport {};\n"],
])("codemap refuses a file %s", async (_, content) => {
  const root = plantTree({ ...sources, "ARCHITECTURE.md": page, "packages/protocol/src/silent.ts": content });
  const { status, stdout } = await runHosted("codemap", root);
  expect(stdout).toContain("packages/protocol/src/silent.ts has no head comment");
  expect(status).toBe(1);
});

test("codemap refuses a page without its markers", async () => {
  const root = plantTree({ ...sources, "ARCHITECTURE.md": "# A house\n" });
  const { status, stdout } = await runScript("codemap", root);
  expect(stdout).toContain("lacks the markers");
  expect(status).toBe(1);
});

test("codemap fails when it finds no sources", async () => {
  expect(await runHosted("codemap", plantTree({ "ARCHITECTURE.md": page }), ["--check"])).toMatchObject({
    status: 1,
  });
});
