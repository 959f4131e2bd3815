/**
 * The command `sluice-conformance`: runs the conformance kit against a transport or against a peer's program, and says how each case came out.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { type CaseReport, type KitReport, nameOf } from "../kit/case-report.ts";
import { type KnownFailure, kitProblems, readKnownFailing } from "../kit/known-failing.ts";
import { lastPeerCase, peerCases, runPeerKit } from "../kit/run-peer-kit.ts";
import { runTransportKit, type TransportKitOptions } from "../kit/run-transport-kit.ts";
import { lineOfCase, lineOfCounts, reportTables } from "../kit/write-report.ts";
import { suiteCases } from "../transport-suite.ts";
import { startPeerProgram } from "./peer-process.ts";
import { rawNetwork } from "./raw-network.ts";

const usage = `sluice-conformance [options] -- command…      a peer's program, told what to do over its standard input
sluice-conformance [options] --transport file   a module: export const name, and setup(), kind, codec as transportSuite() takes them

  --known-failing file   cases that must fail: one that passes fails the run
  --only FC-1,RQ         ids, or beginnings of them
  --json file            writes the report as JSON
  --report file          writes the report as Markdown
  --cases                prints the cases for peers as JSON, and runs nothing`;

/** What a module for `--transport` exports. */
interface TransportModule extends TransportKitOptions {
  readonly name?: string;
}

/** Runs the command. Gives the exit code: 0 if every case passes but those that are known to fail, 1 if not or if none is applicable, 2 for misuse, also where there is nothing to report on. */
export async function runConformanceCommand(
  args: readonly string[],
  print: (line: string) => void,
): Promise<number> {
  const options = {
    transport: { type: "string" },
    "known-failing": { type: "string" },
    only: { type: "string" },
    json: { type: "string" },
    report: { type: "string" },
    cases: { type: "boolean" },
    help: { type: "boolean" },
  } as const;
  let given: ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>;
  let known: readonly KnownFailure[] = [];
  try {
    given = parseArgs({ args: [...args], options, allowPositionals: true });
    const list = given.values["known-failing"];
    if (list !== undefined) known = readKnownFailing(readFileSync(list, "utf8"));
  } catch (reason) {
    print(`${(reason as Error).message}\n\n${usage}`);
    return 2;
  }
  const { values, positionals } = given;
  if (values.cases === true) {
    print(JSON.stringify(peerCases, null, 2));
    return 0;
  }
  if (values.help === true || (values.transport === undefined) === (positionals.length === 0)) {
    print(usage);
    return values.help === true ? 0 : 2;
  }
  const beginnings = values.only?.split(",");
  const ids = (values.transport === undefined ? [...peerCases, lastPeerCase] : suiteCases).map(
    ({ id }) => id,
  );
  const idle = beginnings?.find((one) => !ids.some((id) => begins(id, one)));
  if (idle !== undefined) {
    print(`Cannot run --only ${JSON.stringify(idle)}: no case's id is that, or begins with it and a hyphen`);
    return 2;
  }
  const only = ({ id }: { readonly id: string }): boolean =>
    beginnings?.some((one) => begins(id, one)) ?? true;
  const onCase = (one: CaseReport): void => print(lineOfCase(one));
  let report: KitReport;
  try {
    report = await (values.transport === undefined
      ? runPeerKit({ start: () => startPeerProgram(positionals), network: rawNetwork(), only, onCase })
      : transportReport(values.transport, only, onCase));
  } catch (reason) {
    const [subject, needed] =
      values.transport === undefined
        ? [positionals.join(" "), 'a program that answers {"do":"describe"} on its standard input']
        : [values.transport, "a module that exports setup(), as transportSuite() takes it"];
    print(`Cannot report on ${subject}: ${(reason as Error).message}\nWanted is ${needed}`);
    return 2;
  }
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
  if (values.report !== undefined) writeFileSync(values.report, `${reportTables([report])}\n`);
  print(`\n${lineOfCounts(report)}`);
  // Cases that were left out are not missed.
  const listed = known.filter(({ name }) => only({ id: name.split(" ")[0] ?? "" }));
  const problems = [...kitProblems([report], listed), ...idleProblems(report)];
  for (const problem of problems) print(problem);
  return problems.length === 0 ? 0 : 1;
}

/** `FC` and `FC-1` begin `FC-1`, and not `FC-11`. */
function begins(id: string, beginning: string): boolean {
  return id === beginning || id.startsWith(`${beginning}-`);
}

/** A subject to which nothing applies has passed nothing; that its program ends says nothing of it. */
function idleProblems({ subject, cases }: KitReport): readonly string[] {
  const judged = cases.filter((one) => nameOf(one) !== nameOf(lastPeerCase));
  const isIdle = judged.length > 0 && judged.every(({ outcome }) => outcome === "not applicable");
  return isIdle ? [`${subject}: no case is applicable`] : [];
}

async function transportReport(
  file: string,
  only: (one: { readonly id: string }) => boolean,
  onCase: (one: CaseReport) => void,
): Promise<KitReport> {
  const module = (await import(pathToFileURL(resolve(file)).href)) as TransportModule;
  if (typeof module.setup !== "function") throw new TypeError("It exports no function setup");
  return runTransportKit(module.name ?? file, { ...module, only, onCase });
}
