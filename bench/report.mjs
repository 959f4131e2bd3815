// Makes the report of results that were kept: prints it, or writes it into docs/performance.md and bench/results.
//
//     node bench/report.mjs [RESULTS.json] [--write] [--root FOLDER]
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { pageBlock, writeReport } from "./report/page.mjs";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    write: { type: "boolean", default: false },
    root: { type: "string", default: fileURLToPath(new URL("..", import.meta.url)) },
  },
});
const [file = join(options.root, "bench/results/results.json")] = positionals;
const results = JSON.parse(readFileSync(file, "utf8"));
if (options.write) for (const path of writeReport(results, options.root)) console.log(`wrote ${path}`);
else console.log(pageBlock(results));
