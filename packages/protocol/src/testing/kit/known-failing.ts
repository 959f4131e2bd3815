/**
 * Cases that are known to fail: they are run all the same, and one that passes is as much of a problem as one that fails unlisted.
 *
 * A list is a text with the name of a case in each line, as the report prints it. A subject before it, `http, json: FC-1 …`, says that the
 * line is about that subject only. Empty lines, and what stands behind `#`, are comments.
 */
import { type CaseReport, isPassed, type KitReport, nameOf } from "./case-report.ts";

export interface KnownFailure {
  /** `undefined`: every subject. */
  readonly subject: string | undefined;
  /** `FC-1 a reader that stops …` */
  readonly name: string;
}

const entry = /^(?:(.*): )?([A-Z]+-\d+ .*)$/;

/** Reads a list. @throws {SyntaxError} for a line that is neither a case nor a comment */
export function readKnownFailing(text: string): readonly KnownFailure[] {
  const lines = text.split("\n").map((line) => line.replace(/(^|\s)#.*$/, "").trim());
  return lines
    .filter((line) => line !== "")
    .map((line) => {
      const [, subject, name] = entry.exec(line) ?? [];
      if (name === undefined) throw new SyntaxError(`Cannot read ${JSON.stringify(line)}: it names no case`);
      return { subject, name };
    });
}

/**
 * What is wrong with reports, one line each: cases that fail and are not listed, that are listed and pass, or are listed and do not exist.
 * A case that is listed for every subject has to fail with each of them.
 */
export function kitProblems(
  reports: readonly KitReport[],
  known: readonly KnownFailure[] = [],
): readonly string[] {
  const used = new Set<KnownFailure>();
  const problems = reports.flatMap((report) =>
    report.cases.flatMap((one) => {
      const listed = known.filter(
        ({ subject, name }) => name === nameOf(one) && (subject ?? report.subject) === report.subject,
      );
      for (const line of listed) used.add(line);
      return caseProblem(report.subject, one, listed.length > 0);
    }),
  );
  const lost = known.filter((line) => !used.has(line));
  return [
    ...problems,
    ...lost.map(
      ({ subject, name }) =>
        `${subject === undefined ? "" : `${subject}: `}${name}: is known to fail, and there is no such case`,
    ),
  ];
}

function caseProblem(subject: string, one: CaseReport, isListed: boolean): readonly string[] {
  const where = `${subject}: ${nameOf(one)}`;
  if (isListed && one.outcome === "not applicable")
    return [`${where}: is known to fail, and is not applicable`];
  if (isListed && isPassed(one)) return [`${where}: is known to fail, and passes`];
  if (isListed || isPassed(one)) return [];
  const what = one.outcome === "failed" ? "failed" : "closed uncleanly";
  return [`${where}: ${what}: ${one.message ?? "without a word"}`];
}
