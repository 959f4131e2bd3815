/**
 * workerd, started by miniflare, at two compatibility dates: before and after modules may generate code while they start.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { withFarServer } from "./far-server.mjs";

/** @typedef {import("./runtime.mjs").Runtime} Runtime */

/** @type {readonly { date: string, canAtStart: boolean }[]} whether code may be generated while a module starts */
const dates = [
  { date: "2025-05-01", canAtStart: false },
  { date: "2026-04-01", canAtStart: true },
];

/** @param {string} root @returns {Runtime[]} */
export function workerdRuntimes(root) {
  const requireTool = createRequire(join(root, "tools/runtimes/workerd/package.json"));
  return dates.map(({ date, canAtStart }) => ({
    name: `workerd ${date}`,
    from: "`miniflare`",
    async run(workshop) {
      const { programOf } = workshop;
      const { Miniflare } = requireTool("miniflare");
      const worker = new Miniflare({
        // Named, since Miniflare cannot follow the computed import() that finds transports by their scheme.
        modules: [
          { type: "ESModule", path: "in-worker.js", contents: readFileSync(programOf("in-worker"), "utf8") },
        ],
        compatibilityDate: date,
      });
      try {
        const text = await withFarServer(workshop, [], async (settings) => {
          const request = { method: "POST", body: JSON.stringify(settings) };
          const response = await worker.dispatchFetch("http://suite.example/", request);
          if (response.status !== 200) throw new Error(await response.text());
          return response.text();
        });
        const { canGenerateCode, early, ...report } = JSON.parse(text);
        return {
          version: requireTool("workerd/package.json").version,
          report,
          problems: [
            ...differences("code may be generated at the start", canGenerateCode.atStart, canAtStart),
            ...differences("code may be generated in the handler", canGenerateCode.inHandler, false),
            ...differences("what was compiled at the start says", early, [null, "minimum"]),
          ],
        };
      } finally {
        await worker.dispose();
      }
    },
  }));
}

/** @param {string} what @param {unknown} actual @param {unknown} expected @returns {string[]} */
function differences(what, actual, expected) {
  const [seen, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  return seen === wanted ? [] : [`${what}: ${seen} instead of ${wanted}`];
}
