/** The transport suite passes a right transport, and finds every fault of a wrong one. */
import { describe, expect, it, test } from "vitest";
import { linkCases } from "../../src/testing/suite/cases/link-cases.ts";
import { caseName, suiteCases, transportSuite } from "../../src/testing/transport-suite.ts";
import { type ToyFault, toyFaults, toySetup } from "./toy-transport.ts";

transportSuite("a toy", { setup: () => toySetup(), test: { describe, it }, kind: "structured" });

interface Registered {
  readonly name: string;
  readonly body: () => Promise<void>;
}

/** Registers the suite with a runner that only takes notes. */
function noted(options: Partial<Parameters<typeof transportSuite>[1]> = {}): {
  suites: string[];
  cases: Registered[];
  skipped: string[];
} {
  const suites: string[] = [];
  const cases: Registered[] = [];
  const skipped: string[] = [];
  const note = (name: string, body: () => Promise<void>): void => void cases.push({ name, body });
  const skip = (name: string): void => void skipped.push(name);
  const describeNow = (name: string, body: () => void): void => {
    suites.push(name);
    body();
  };
  transportSuite("noted", {
    setup: () => toySetup(),
    test: { describe: describeNow, it: Object.assign(note, { skip }) },
    kind: "structured",
    collectGarbage: () => {},
    ...options,
  });
  return { suites, cases, skipped };
}

/** The ids of the link cases that a mutant fails. */
async function redCases(fault: ToyFault): Promise<string[]> {
  const { cases } = noted({ setup: () => toySetup(fault) });
  const names = new Set(linkCases.map(caseName));
  const outcomes = await Promise.all(
    cases
      .filter(({ name }) => names.has(name))
      .map(async ({ name, body }) =>
        body().then(
          () => "",
          () => name.split(" ")[0] as string,
        ),
      ),
  );
  return outcomes.filter((id) => id !== "");
}

const finders: Record<ToyFault, readonly string[]> = {
  "sends a frame twice": ["LC-1"],
  "loses a frame": ["LC-1"],
  "swaps two frames": ["LC-1"],
  "loses what waits when it closes": ["LC-4"],
  "loses what comes before its first receiver": ["LC-8"],
  "says twice that it is closed": ["LC-4", "LC-5", "LC-6", "LC-9", "LC-11"],
  "never says that it is closed": ["LC-4", "LC-5", "LC-6", "LC-7", "LC-9", "LC-11"],
  "never says that there is room again": ["LC-3"],
  "has no bound": ["LC-3"],
  "hands frames over after its end": ["LC-6"],
  "takes frames after its end": ["LC-7"],
  "throws after its end": ["LC-7"],
  "keeps its first receiver": ["LC-9"],
  "never asks for last frames": ["LC-10"],
  "asks for last frames for ever": ["LC-10"],
};

describe("the link cases", () => {
  // At once, since a fault is often found by waiting in vain.
  test.concurrent.each(toyFaults)(
    "find a link that %s",
    async (fault) => {
      const red = await redCases(fault);
      for (const id of finders[fault]) expect(red).toContain(id);
    },
    30_000,
  );
});

/**
 * Cases of the list that no link can show by itself: of a server's connections, of lost links, of relays, of single transports, of whole
 * programs, of the golden vectors.
 */
const notOfTransports = [
  "HS-8",
  "FC-8",
  "FC-12",
  "FC-14",
  "CA-13",
  "LM-8",
  "LM-9",
  "LM-10",
  "DR-7",
  "DR-8",
  "CD-3",
];

describe("transportSuite", () => {
  test("registers every case under one name", () => {
    const { suites, cases, skipped } = noted();
    expect(suites).toEqual(["noted"]);
    expect(cases.length + skipped.length).toBe(suiteCases.length);
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
  });

  test("leaves out what the links cannot have, and says why", () => {
    const { skipped } = noted({ collectGarbage: undefined as never });
    expect(skipped).toContain(
      "HS-3 the connector's best codec in common is used (skipped: it is about binary links, these are structured)",
    );
    if (!("gc" in globalThis)) {
      expect(skipped.join()).toContain("ST-6");
      expect(skipped.join()).toContain("garbage cannot be collected on demand");
    }
    expect(noted({ kind: "binary" }).skipped).toEqual([]);
  });

  test("a skip carries its reason, and must name a case", () => {
    const name = caseName(suiteCases[0] as (typeof suiteCases)[number]);
    const { skipped, cases } = noted({ skip: [{ reason: "the radio is half-duplex", cases: [name] }] });
    expect(skipped).toContain(`${name} (skipped: the radio is half-duplex)`);
    expect(cases.map((one) => one.name)).not.toContain(name);
    expect(() => noted({ skip: [{ reason: "typo", cases: ["LC-99 nothing"] }] })).toThrow(
      "the suite has no such case",
    );
  });

  test("a setup whose links are of another kind fails every case", async () => {
    const { cases } = noted({ kind: "binary" });
    await expect(cases[0]?.body()).rejects.toThrow("the kind of link");
  });

  test("every id of the list that is about links is a case, or is said to come later", () => {
    const upTo = (prefix: string, count: number): string[] =>
      Array.from({ length: count }, (_, at) => `${prefix}-${at + 1}`);
    const wanted = [
      ...upTo("HS", 9),
      ...upTo("RQ", 10),
      ...upTo("ST", 6),
      ...upTo("CH", 6),
      ...upTo("FC", 14),
      ...upTo("CA", 18),
      ...upTo("LM", 10),
      ...upTo("DR", 8),
      ...upTo("CD", 5),
    ];
    const run = new Set(suiteCases.map(({ id }) => id));
    expect(wanted.filter((id) => !run.has(id))).toEqual(notOfTransports);
  });
});
