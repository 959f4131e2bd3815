/**
 * What the conformance kit says of a case, and of all of them.
 */

/** How a case came out. */
export type CaseOutcome =
  /** What is required holds, and what should be is so. */
  | "ok"
  /** What is required holds; something deviates that should not, `message` says what. */
  | "non-strict"
  /** Something that is required does not hold, `message` says what. */
  | "failed"
  /** The case is about something that the subject does not have, `message` says what. It was not run. */
  | "not applicable";

export interface CaseReport {
  /** Stable: `FC-1`. Several cases may share one. */
  readonly id: string;
  /** What must hold. */
  readonly title: string;
  readonly outcome: CaseOutcome;
  /** Whether the end left nothing behind: links ended in good order, nothing was kept, nothing had to be killed. */
  readonly close: "clean" | "unclean";
  /** How long it took, ms. */
  readonly ms: number;
  /** Why it is not `ok` and `clean`. */
  readonly message?: string;
}

export interface KitReport {
  /** What was tested: a transport with its codec, or a peer by the name that it gives itself. */
  readonly subject: string;
  /** In the order in which they ran. */
  readonly cases: readonly CaseReport[];
}

/** How many cases came out how. `unclean` are counted in their outcome, too. */
export interface ReportCounts {
  readonly ok: number;
  readonly nonStrict: number;
  readonly failed: number;
  readonly notApplicable: number;
  readonly unclean: number;
}

/** `FC-1 a reader that stops …`: what known-failing lists and reports call a case. */
export function nameOf({ id, title }: Pick<CaseReport, "id" | "title">): string {
  return `${id} ${title}`;
}

/** Whether what is required holds, to the end: not failed, and closed cleanly. */
export function isPassed({ outcome, close }: CaseReport): boolean {
  return outcome !== "failed" && close === "clean";
}

export function countsOf({ cases }: KitReport): ReportCounts {
  const count = (holds: (one: CaseReport) => boolean): number => cases.filter(holds).length;
  return {
    ok: count(({ outcome }) => outcome === "ok"),
    nonStrict: count(({ outcome }) => outcome === "non-strict"),
    failed: count(({ outcome }) => outcome === "failed"),
    notApplicable: count(({ outcome }) => outcome === "not applicable"),
    unclean: count(({ close }) => close === "unclean"),
  };
}
