/**
 * Browsers: each opens the page of the suite, and neither it nor the browser may report a violation before the one on purpose.
 */
import { openInChromium } from "./chromium.mjs";
import { withFarServer } from "./far-server.mjs";
import { openInFirefox } from "./firefox.mjs";
import { servePage } from "./page-server.mjs";

/** @typedef {import("./runtime.mjs").Runtime} Runtime */
/** @typedef {{ version: string, close: () => Promise<void> }} OpenPage */

/** A page that reports nothing for so long has failed. */
const longestMs = 90_000;

/** @type {readonly { name: string, command: string, open: (command: string, url: string) => Promise<OpenPage> }[]} */
const browsers = [
  { name: "Chromium", command: "chromium", open: openInChromium },
  { name: "Firefox", command: "firefox-esr", open: openInFirefox },
];

/** @returns {Runtime[]} */
export function browserRuntimes() {
  return browsers.map(({ name, command, open }) => ({
    name,
    from: `Debian's \`${command}\``,
    command,
    async run(workshop) {
      const server = await servePage(workshop.programOf("in-page"));
      try {
        return await withFarServer(workshop, [new URL(server.url).origin], async (settings) => {
          server.tell(settings);
          const page = await open(command, server.url);
          try {
            return { version: page.version, ...(await takeReport(server)) };
          } finally {
            await page.close();
          }
        });
      } finally {
        await server.close();
      }
    },
  }));
}

/** @param {import("./page-server.mjs").PageServer} server @returns {Promise<{ report: import("./runtime.mjs").Report, problems: string[] }>} */
async function takeReport(server) {
  const { failed, violations, onPurpose, ...report } = await within(server.report, "The page's report");
  if (failed !== undefined) throw new Error(failed);
  await within(server.reported(onPurpose.length), `The browser's report of ${onPurpose.join(", ")}`);
  return { report, problems: violationProblems(violations, onPurpose, server) };
}

/**
 * @param {readonly string[]} before what the page was told of
 * @param {readonly string[]} onPurpose
 * @param {import("./page-server.mjs").PageServer} server
 * @returns {string[]}
 */
function violationProblems(before, onPurpose, server) {
  const { violations } = server;
  return [
    ...before.map((what) => `the page violates its policy: ${what}`),
    ...(violations.length > onPurpose.length
      ? [`the browser reports ${violations.join(", ")}; on purpose were ${onPurpose.join(", ")}`]
      : []),
  ];
}

/** @template Value @param {Promise<Value>} promise @param {string} what @returns {Promise<Value>} */
async function within(promise, what) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} is missing after ${longestMs / 1_000} s`)), longestMs);
  });
  try {
    return /** @type {Value} */ (await Promise.race([promise, late]));
  } finally {
    clearTimeout(timer);
  }
}
