/**
 * Reports as text: for a terminal, line by line, and as a page.
 */
import { type CaseReport, countsOf, isPassed, type KitReport, nameOf } from "./case-report.ts";

/** `ok           clean      12 ms  FC-1 a reader …`, and the message below it. */
export function lineOfCase(one: CaseReport): string {
  const time = one.outcome === "not applicable" ? "" : `${Math.round(one.ms)} ms`;
  const head = `${one.outcome.padEnd(14)} ${one.close.padEnd(7)} ${time.padStart(8)}  ${nameOf(one)}`;
  return one.message === undefined ? head : `${head}\n    ${one.message}`;
}

/** `name: 100 ok, 1 non-strict, 2 failed, 3 not applicable; 1 closed uncleanly` */
export function lineOfCounts(report: KitReport): string {
  const { ok, nonStrict, failed, notApplicable, unclean } = countsOf(report);
  const outcomes = `${ok} ok, ${nonStrict} non-strict, ${failed} failed, ${notApplicable} not applicable`;
  return `${report.subject}: ${outcomes}; ${unclean} closed uncleanly`;
}

/** A table of all reports by their counts; then every case that is neither `ok` nor simply not applicable, with its message. */
export function reportTables(reports: readonly KitReport[]): string {
  const rows = reports.map((report) => {
    const { ok, nonStrict, failed, notApplicable, unclean } = countsOf(report);
    return `| ${[report.subject, ok, nonStrict, failed, notApplicable, unclean].join(" | ")} |`;
  });
  const remarks = reports.flatMap(({ subject, cases }) =>
    cases
      .filter((one) => one.outcome === "non-strict" || !isPassed(one))
      .map((one) => `| ${[subject, nameOf(one), one.outcome, one.close, cell(one.message)].join(" | ")} |`),
  );
  const table = [
    "| subject | ok | non-strict | failed | not applicable | closed uncleanly |",
    "| --- | --: | --: | --: | --: | --: |",
    ...rows,
  ];
  const details = [
    "",
    "| subject | case | outcome | close | |",
    "| --- | --- | --- | --- | --- |",
    ...remarks,
  ];
  return [...table, ...(remarks.length > 0 ? details : [])].join("\n");
}

function cell(text = ""): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
