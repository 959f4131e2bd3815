/**
 * The conformance suite that every transport must pass: links, handshake, calls, flow control, cancellation, limits, drain, codecs.
 *
 * It brings the engine of `./wire` with it, needs nothing of clients and servers, and runs under any test runner.
 */
import type { Codec } from "../codec/codec.ts";
import { jsonCodec } from "../codec/json-codec.ts";
import type { Link } from "../link/link.ts";
import { cancelCases } from "./suite/cases/cancel-cases.ts";
import { channelCases } from "./suite/cases/channel-cases.ts";
import { codecCases } from "./suite/cases/codec-cases.ts";
import { creditCases } from "./suite/cases/credit-cases.ts";
import { creditViolationCases } from "./suite/cases/credit-violation-cases.ts";
import { deadlineCases } from "./suite/cases/deadline-cases.ts";
import { drainCases } from "./suite/cases/drain-cases.ts";
import { handshakeCases } from "./suite/cases/handshake-cases.ts";
import { hostileValueCases } from "./suite/cases/hostile-value-cases.ts";
import { limitCallCases } from "./suite/cases/limit-call-cases.ts";
import { limitMemoryCases } from "./suite/cases/limit-memory-cases.ts";
import { limitMessageCases } from "./suite/cases/limit-message-cases.ts";
import { linkCases } from "./suite/cases/link-cases.ts";
import { replyCases } from "./suite/cases/reply-cases.ts";
import { requestCases } from "./suite/cases/request-cases.ts";
import { sessionCases } from "./suite/cases/session-cases.ts";
import { sharingCases } from "./suite/cases/sharing-cases.ts";
import { streamCases } from "./suite/cases/stream-cases.ts";
import { Rig, type TransportSetup } from "./suite/rig.ts";
import type { SuiteCase } from "./suite/suite-case.ts";
import type { TestFunctions } from "./test-functions.ts";

/** Cases that a transport cannot pass, and why. */
export interface SuiteSkip {
  readonly reason: string;
  /** Names as the suite prints them, {@link caseName}. */
  readonly cases: readonly string[];
}

export interface TransportSuiteOptions {
  /** Makes what the transport under test needs for one case: addresses, listeners. */
  setup(): TransportSetup | Promise<TransportSetup>;
  readonly test: TestFunctions;
  /** What the transport's links are. Default `"binary"`. */
  readonly kind?: Link["kind"];
  /** The codec of both ends, for binary links. Default JSON. */
  readonly codec?: Codec;
  readonly skip?: readonly SuiteSkip[];
  /** Collects garbage now. Without it the cases that need that are skipped. Default: `globalThis.gc`, if there. */
  readonly collectGarbage?: () => void;
}

/** Every case, in the order in which they run. */
export const suiteCases: readonly SuiteCase[] = [
  ...linkCases,
  ...handshakeCases,
  ...requestCases,
  ...replyCases,
  ...streamCases,
  ...channelCases,
  ...creditCases,
  ...creditViolationCases,
  ...sharingCases,
  ...cancelCases,
  ...deadlineCases,
  ...limitMessageCases,
  ...limitCallCases,
  ...limitMemoryCases,
  ...drainCases,
  ...sessionCases,
  ...codecCases,
  ...hostileValueCases,
];

/** Every case takes far less and guards what it awaits; this is for machines that are very busy. */
const longestCaseMs = 60_000;

/** How the suite prints a case: `FC-1 a reader that stops …`. */
export function caseName({ id, title }: Pick<SuiteCase, "id" | "title">): string {
  return `${id} ${title}`;
}

/**
 * Registers every case for a transport.
 * @throws {TypeError} for a skip that names no case
 */
export function transportSuite(name: string, options: TransportSuiteOptions): void {
  const { test, skip = [], kind = "binary", codec = jsonCodec } = options;
  const collectGarbage = options.collectGarbage ?? (globalThis as { gc?: () => void }).gc;
  const reasons = skipReasons(skip);
  test.describe(name, () => {
    for (const one of suiteCases) {
      const title = caseName(one);
      const reason = reasons.get(title) ?? missing(one, kind, collectGarbage);
      const body = async (): Promise<void> =>
        runCase(one, await options.setup(), { kind, codecs: [codec], collectGarbage });
      if (reason === undefined) test.it(title, body, longestCaseMs);
      else test.it.skip(`${title} (skipped: ${reason})`, body);
    }
  });
}

async function runCase(
  one: SuiteCase,
  setup: TransportSetup,
  options: { kind: Link["kind"]; codecs: readonly Codec[]; collectGarbage: (() => void) | undefined },
): Promise<void> {
  const rig = await Rig.make(setup, options);
  try {
    await one.run(rig);
    await rig.finish();
    if (rig.deviations.length > 0) throw new Error(`Should be so: ${rig.deviations.join("; ")}`);
  } finally {
    await rig.dispose();
  }
}

function skipReasons(skip: readonly SuiteSkip[]): ReadonlyMap<string, string> {
  const known = new Set(suiteCases.map(caseName));
  const reasons = new Map<string, string>();
  for (const { reason, cases } of skip) {
    for (const name of cases) {
      if (!known.has(name))
        throw new TypeError(`Cannot skip ${JSON.stringify(name)}: the suite has no such case`);
      reasons.set(name, reason);
    }
  }
  return reasons;
}

/** Why a case cannot be run over links of `kind`, if it cannot. */
export function missing(
  { needs }: SuiteCase,
  kind: Link["kind"],
  collectGarbage: (() => void) | undefined,
): string | undefined {
  if (needs === "garbage collection")
    return collectGarbage === undefined ? "garbage cannot be collected on demand" : undefined;
  return needs === undefined || needs === kind ? undefined : `it is about ${needs} links, these are ${kind}`;
}
