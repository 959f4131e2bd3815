/**
 * The page of runtimes: what was recorded, as tables.
 */

/** @typedef {import("./record.mjs").Recorded} Recorded */

/** Columns of the first table, in this order. */
const links = ["memory", "MessagePort", "WebSocket", "HTTP + SSE"];
/** What stands in for React Native. */
const injected = "WebSocket, injected";

/** @param {readonly (readonly string[])[]} rows the first is the head @returns {string[]} */
function table([head = [], ...rows]) {
  const line = (/** @type {readonly string[]} */ cells) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)];
}

/** @param {Recorded["runtimes"]} runtimes @param {number} count @returns {string[]} */
function reactNative(runtimes, count) {
  const where = runtimes.filter((runtime) => runtime.links.includes(injected)).map(({ name }) => name);
  return [
    `React Native was not run. In its place all ${count} cases ran over \`WebSocketTransport\` with a \`WebSocket\` that it was given, which has the`,
    `standard's interface and nothing beyond it, on ${where.join(", ")}.`,
  ];
}

/** @param {Recorded} recorded @returns {string} */
export function runtimesPage({ cases, verdicts, tests, runtimes }) {
  const used = links.filter((link) => runtimes.some((runtime) => runtime.links.includes(link)));
  const callRows = runtimes.map((runtime) => [
    runtime.name,
    runtime.version,
    runtime.from,
    ...used.map((link) => (runtime.links.includes(link) ? `all ${cases.length}` : "–")),
  ]);
  const verdictRows = runtimes.map(({ name, engines }) => [name, engines.join("; ")]);
  const lines = [
    "# Runtimes",
    "",
    "<!-- Written by `node scripts/runtimes-suite.mjs --record` from tests/runtimes/recorded.json. -->",
    "",
    "Where Sluice runs, by running it: `npm test` packs the packages, installs the tarballs into an empty project, and runs one call suite from",
    "there in every runtime of the table. It fails when a runtime, a link or a case of this page is missing or does not hold.",
    "",
    "## Calls",
    "",
    ...table([
      ["runtime", "version", "comes from", ...used],
      ...callRows,
      ["React Native", "–", "not run", ...used.map(() => "–")],
    ]),
    "",
    ...reactNative(runtimes, cases.length),
    "",
    "A dash: not there. workerd has `MessageChannel` from compatibility date 2025-08-15 on. Versions are those of the recorded run; browsers are",
    "whatever Debian has.",
    "",
    ...table([["case", "what it shows"], ...cases.map(({ name, shows }) => [name, shows])]),
    "",
    "## Validation without code generation",
    "",
    `Each engine gives the verdicts of \`closures()\` on Node, ${verdicts} of them, among them what engines have got wrong elsewhere: an invalid value that`,
    "comes after a valid one, inherited and `undefined` members, decimals, code points. `closures()` besides passes the",
    `${tests} tests of \`validatorSuite()\` in each runtime. Nothing is written to the console.`,
    "",
    ...table([["runtime", "engines"], ...verdictRows]),
    "",
    "* **Browsers** run everything in a page whose Content Security Policy is `default-src 'none'; script-src 'self'`, with Trusted Types required and",
    "  no policy allowed. Neither the page nor the browser reports a violation, until the test provokes one to see that it would.",
    "  There `auto()`, which servers use, does not try to generate code: every attempt would be reported.",
    "* **workerd** refuses to generate code in handlers, and from 2026-04-01 on allows it while a module starts. An `auto()` made at the start, which",
    "  has compiled a schema there, goes on in handlers with the same verdicts.",
  ];
  return `${lines.join("\n")}\n`;
}
