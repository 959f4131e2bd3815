/**
 * Writes docs/conformance-report.md: how every case of the conformance kit comes out over each of our transports, and for peers in other languages.
 *
 * Runs all of it, `--jobs 2` subjects at once; that takes minutes. `--only "tcp, json"` runs the subjects that begin so; what is known of the others is kept, in
 * docs/conformance-report.json. `--check` runs nothing: it fails
 * when the page lacks a subject, has another number of cases, or says what tests/conformance/known-failing.txt does not allow.
 * `--check --run` runs all, too, and compares outcomes, not times. Exit code 1 for a case that fails unlisted, or is listed and passes.
 */
import { execFileSync, fork } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { conclude, flagValue, refuseUnknownFlags, treeRoot } from "./check-run.mjs";
import { commitOf } from "./source/run-on.mjs";

/** @typedef {{ id: string, title: string, outcome: string, close: string, message?: string }} CaseReport */
/** @typedef {{ subject: string, cases: CaseReport[] }} KitReport */
/** What is kept of a report: when and of which commit, how many cases there were, and those that are not `ok` and `clean`. @typedef {{ on: string, total: number, others: CaseReport[] }} Kept */
/** @typedef {{ subjects: string[], cases: string[], peerCases: string[] }} Plan */

refuseUnknownFlags(["--jobs", "--only", "--check", "--run"]);
const root = treeRoot();
const pagePath = join(root, "docs/conformance-report.md");
const keptPath = join(root, "docs/conformance-report.json");
const fromSources = ["--import", "tsx", "--conditions=@sluice/source"];
const subjectScript = "tests/conformance/report-on-subject.ts";
const command = "packages/protocol/src/testing/node/conformance.ts";
/** What stands for a run that is made now. */
const madeOn = `${new Date().toISOString().slice(0, 10)} (commit ${commitOf(root)})`;
/** How many subjects run at once. */
const atOnce = Number(flagValue("--jobs") ?? 2);

/** Peers of which each is a program: the name that each gives itself, and how it is started. @type {readonly (readonly [string, string[]])[]} */
const peers = [
  ["Sluice", [process.execPath, ...fromSources, "tests/conformance/sluice-peer.ts"]],
  ["reference peer in Python", ["python3", "packages/protocol/conformance/reference_peer.py"]],
];

/** @returns {Plan} */
function readPlan() {
  const text = execFileSync(process.execPath, [...fromSources, subjectScript], { cwd: root });
  return JSON.parse(text.toString("utf8"));
}

/** @param {string} name @returns {Promise<KitReport>} */
function transportReport(name) {
  return new Promise((resolve, reject) => {
    /** @type {KitReport | undefined} */
    let report;
    const child = fork(join(root, subjectScript), [name], { cwd: root, execArgv: fromSources });
    child.on("message", (message) => {
      report = /** @type {KitReport} */ (message);
    });
    child.on("close", (code) => {
      if (report === undefined || code !== 0) reject(new Error(`${name} ended with ${code} and no report`));
      else resolve(report);
    });
  });
}

/** @param {string[]} started @returns {Promise<KitReport>} */
function peerReport(started) {
  const folder = mkdtempSync(join(tmpdir(), "conformance-"));
  const file = join(folder, "report.json");
  return new Promise((resolve, reject) => {
    const child = fork(join(root, command), ["--json", file, "--", ...started], {
      cwd: root,
      execArgv: fromSources,
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    child.on("close", () => {
      if (existsSync(file)) resolve(JSON.parse(readFileSync(file, "utf8")));
      else reject(new Error(`No report on ${started.join(" ")}`));
      rmSync(folder, { recursive: true });
    });
  });
}

/** @param {KitReport} report @returns {Kept} */
function keptOf({ cases }) {
  const others = cases
    .filter(({ outcome, close }) => outcome !== "ok" || close !== "clean")
    .map(({ id, title, outcome, close, message = "" }) => ({ id, title, outcome, close, message }));
  return { on: madeOn, total: cases.length, others };
}

/** @param {string} subject @param {Kept} kept @returns {string} a row of the table */
function rowOf(subject, { total, others }) {
  const [nonStrict, failed, absent] = ["non-strict", "failed", "not applicable"].map(
    (outcome) => others.filter((one) => one.outcome === outcome).length,
  );
  const ok = total - others.filter(({ outcome }) => outcome !== "ok").length;
  const unclean = others.filter(({ close }) => close === "unclean").length;
  return `| ${[subject, ok, nonStrict, failed, absent, unclean].join(" | ")} |`;
}

const tableHead = `| subject | ok | non-strict | failed | not applicable | closed uncleanly |
| --- | --: | --: | --: | --: | --: |`;

/** @param {readonly (readonly [string, Kept])[]} reports @returns {string} */
function remarksOf(reports) {
  const rows = reports.flatMap(([subject, { others }]) =>
    others
      .filter(({ outcome }) => outcome !== "not applicable")
      .map(({ id, title, outcome, close, message = "" }) => {
        const said = message.replaceAll("|", "\\|").replaceAll("\n", " ");
        return `| ${[subject, `${id} ${title}`, outcome, close, said].join(" | ")} |`;
      }),
  );
  if (rows.length === 0) return "There is none.";
  return ["| subject | case | outcome | close | |", "| --- | --- | --- | --- | --- |", ...rows].join("\n");
}

/** @param {readonly (readonly [string, Kept])[]} reports @returns {string} */
function absencesOf(reports) {
  /** @type {Map<string, string[]>} */
  const groups = new Map();
  for (const [subject, { others }] of reports) {
    for (const { id, title, outcome, message = "" } of others) {
      if (outcome !== "not applicable") continue;
      const line = `${id} ${title}: ${message.replace(/, these are .*/, "")}`;
      groups.set(line, [...(groups.get(line) ?? []), subject]);
    }
  }
  return [...groups].map(([line, subjects]) => `* ${line} (${subjects.length} subjects)`).join("\n");
}

/** @param {readonly (readonly [string, Kept])[]} transports @param {readonly (readonly [string, Kept])[]} programs @returns {string} */
function pageOf(transports, programs) {
  const all = [...transports, ...programs];
  const cases = all.reduce((sum, [, { total }]) => sum + total, 0);
  const runs = [...new Set(all.map(([, { on }]) => on))].sort();
  return `# Conformance report

<!-- Written by \`node scripts/conformance-report.mjs\`. -->

What the conformance kit ([conformance-kit.md](./conformance-kit.md)) says of our own transports and of two peers: ${all.length} subjects, ${cases} outcomes.
\`ok\`: what is required holds, and what should be is so. \`non-strict\`: something deviates that should not. A case that is not named below was \`ok\`, and
closed cleanly, wherever it applies. Cases that are known to fail are
in tests/conformance/known-failing.txt; they run, and one that passes fails the build.

Run on ${runs.join(" and ")} with Node ${process.versions.node}.

## Transports

Every case of the transport suite, over every transport with every codec that it knows. Through relays, each stretch goes over the same transport; a relay
knows links and frames, and neither payloads nor carriers, so that five transports stand for all.
\`stdio\` is the pipes of a child process that carries the bytes to a Unix socket.

${tableHead}
${transports.map((one) => rowOf(...one)).join("\n")}

Not applicable, since they are about another kind of link:

${absencesOf(transports)}

## Peers

Every case for peers in any language, each run over TCP against our raw end, which shares nothing with the product's encoder and decoder. \`Sluice\` is our
client and our server; the reference peer was written in Python from wire.md, and is packages/protocol/conformance/reference_peer.py.

${tableHead}
${programs.map((one) => rowOf(...one)).join("\n")}

## Cases that are neither \`ok\` nor not applicable

${remarksOf(all)}
`;
}

/** What a page says in its tables. @param {string} page @returns {string[]} */
function rowsIn(page) {
  return page.split("\n").filter((line) => /^\| .* \| \d+ \| \d+ \| \d+ \| \d+ \| \d+ \|$/.test(line));
}

/** @param {Plan} plan @returns {string[]} what the page says wrongly, as far as that can be seen without running anything */
function pageProblems(plan) {
  if (!existsSync(pagePath)) return ["does not exist: run `node scripts/conformance-report.mjs`"];
  const rows = new Map(
    rowsIn(readFileSync(pagePath, "utf8")).map((row) => {
      const [, subject = "", ...counts] = row.split(" | ").join("|").replaceAll("| ", "|").split("|");
      return [subject.trim(), counts.slice(0, 5).map(Number)];
    }),
  );
  const wanted = [
    ...plan.subjects.map((name) => /** @type {const} */ ([name, plan.cases.length])),
    ...peers.map(([name]) => /** @type {const} */ ([name, plan.peerCases.length + 1])),
  ];
  const names = new Set(wanted.map(([name]) => name));
  return [
    ...[...rows.keys()]
      .filter((name) => !names.has(name))
      .map((name) => `reports on ${name}, which is no subject`),
    ...wanted.flatMap(([name, count]) => {
      const counts = rows.get(name);
      if (counts === undefined) return [`does not report on ${name}`];
      const said = counts.slice(0, 4).reduce((sum, one) => sum + one, 0);
      return said === count ? [] : [`reports ${said} cases of ${name}, there are ${count}`];
    }),
  ];
}

/** Cases that fail unlisted, or pass although they are listed, by the kit's own judgement. @param {readonly KitReport[]} reports @returns {string[]} */
function judged(reports) {
  const folder = mkdtempSync(join(tmpdir(), "conformance-"));
  const file = join(folder, "reports.json");
  writeFileSync(file, JSON.stringify(reports));
  const list = join(root, "tests/conformance/known-failing.txt");
  const script = "tests/conformance/judge-reports.ts";
  const text = execFileSync(process.execPath, [...fromSources, script, file, list], { cwd: root });
  rmSync(folder, { recursive: true });
  return JSON.parse(text.toString("utf8"));
}

/** @param {readonly string[]} names @returns {Promise<KitReport[]>} */
async function runSubjects(names) {
  /** @type {KitReport[]} */
  const reports = [];
  const left = [...names.entries()];
  const work = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const report = await transportReport(next[1]);
      reports[next[0]] = report;
      console.log(rowOf(report.subject, keptOf(report)));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return reports;
}

const plan = readPlan();
const isCheck = process.argv.includes("--check");
const only = flagValue("--only") ?? "";
const checks = isCheck ? [{ name: "docs/conformance-report.md", problems: pageProblems(plan) }] : [];
if (!isCheck || process.argv.includes("--run")) {
  const reports = await runSubjects(plan.subjects.filter((name) => name.startsWith(only)));
  for (const [name, started] of peers.filter(([name]) => name.startsWith(only))) {
    const report = await peerReport(started);
    reports.push({ ...report, subject: name });
    console.log(rowOf(name, keptOf(report)));
  }
  checks.push({ name: "known failures", problems: judged(reports) });
  /** @type {Record<string, Kept>} */
  const kept = existsSync(keptPath) ? JSON.parse(readFileSync(keptPath, "utf8")) : {};
  for (const report of reports) kept[report.subject] = keptOf(report);
  /** @param {readonly string[]} names */
  const keptFor = (names) =>
    names.flatMap((name) => (kept[name] === undefined ? [] : [/** @type {const} */ ([name, kept[name]])]));
  const transports = keptFor(plan.subjects);
  const programs = keptFor(peers.map(([name]) => name));
  const page = pageOf(transports, programs);
  if (isCheck) {
    const said = new Set(rowsIn(readFileSync(pagePath, "utf8")));
    const changed = rowsIn(page).filter((row) => !said.has(row));
    checks.push({ name: "outcomes", problems: changed.map((row) => `is not what the page says: ${row}`) });
  } else {
    const all = Object.fromEntries([...transports, ...programs]);
    writeFileSync(keptPath, `${JSON.stringify(all, null, 2)}\n`);
    writeFileSync(pagePath, page);
  }
}
conclude(checks);
