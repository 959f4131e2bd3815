/**
 * The transport suite without a test runner: every case is run over a transport, and reported.
 */
import { systemClock } from "../../clock.ts";
import type { Codec } from "../../codec/codec.ts";
import { jsonCodec } from "../../codec/json-codec.ts";
import { within } from "../suite/expect.ts";
import { Rig, type RigOptions } from "../suite/rig.ts";
import type { SuiteCase } from "../suite/suite-case.ts";
import { missing, suiteCases, type TransportSuiteOptions } from "../transport-suite.ts";
import type { CaseReport, KitReport } from "./case-report.ts";

/** The subject of a transport kit, and how it is run. */
export interface TransportKitOptions
  extends Pick<TransportSuiteOptions, "setup" | "kind" | "codec" | "collectGarbage"> {
  /** Only cases for which this holds are run and reported. Default: all. */
  readonly only?: (one: Pick<SuiteCase, "id" | "title">) => boolean;
  /** How long a case may take, ms, until it counts as failed. Default 60,000. */
  readonly longestCaseMs?: number;
  /** Told of each case as soon as it is over. */
  readonly onCase?: (report: CaseReport) => void;
}

/** How long setting up and cleaning up may take, ms. */
const patienceMs = 10_000;

/** Runs every case of the transport suite, one after the other. Never rejects for a case: its failure is reported. */
export async function runTransportKit(subject: string, options: TransportKitOptions): Promise<KitReport> {
  const { kind = "binary", codec = jsonCodec, only = () => true } = options;
  const collectGarbage = options.collectGarbage ?? (globalThis as { gc?: () => void }).gc;
  const codecs: readonly Codec[] = [codec];
  const cases: CaseReport[] = [];
  for (const one of suiteCases.filter(only)) {
    const reason = missing(one, kind, collectGarbage);
    const { id, title } = one;
    const report: CaseReport =
      reason === undefined
        ? await reportCase(one, options, { kind, codecs, collectGarbage })
        : { id, title, outcome: "not applicable", close: "clean", ms: 0, message: reason };
    cases.push(report);
    options.onCase?.(report);
  }
  return { subject, cases };
}

async function reportCase(
  one: SuiteCase,
  { setup, longestCaseMs = 60_000 }: TransportKitOptions,
  rigOptions: RigOptions,
): Promise<CaseReport> {
  const beganAt = systemClock.now();
  const failures: string[] = [];
  const leftovers: string[] = [];
  let deviations: readonly string[] = [];
  try {
    const made = await within(Promise.resolve(setup()), "the setup", patienceMs);
    let cleanup = async (): Promise<void> => made.cleanup();
    try {
      const rig = await within(Rig.make(made, rigOptions), "the listener", patienceMs);
      cleanup = () => rig.dispose();
      deviations = rig.deviations;
      await within(one.run(rig), "the case", longestCaseMs).catch(noteIn(failures));
      // What a case leaves open when it fails says nothing about the transport.
      if (failures.length === 0) await rig.finish().catch(noteIn(leftovers));
    } finally {
      await within(cleanup(), "the cleanup", patienceMs).catch(noteIn(leftovers));
    }
  } catch (reason) {
    noteIn(failures)(reason);
  }
  const messages = [...failures, ...deviations, ...leftovers];
  return {
    id: one.id,
    title: one.title,
    outcome: failures.length > 0 ? "failed" : deviations.length > 0 ? "non-strict" : "ok",
    close: leftovers.length > 0 ? "unclean" : "clean",
    ms: systemClock.now() - beganAt,
    ...(messages.length > 0 ? { message: messages.join("; ") } : {}),
  };
}

function noteIn(list: string[]): (reason: unknown) => void {
  return (reason) => void list.push(reason instanceof Error ? reason.message : String(reason));
}
