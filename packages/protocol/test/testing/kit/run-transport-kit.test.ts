/** The kit reports of each case over a transport: what holds, what deviates, what fails, and how it closed. */
import { describe, expect, test } from "vitest";
import { type CaseReport, countsOf } from "../../../src/testing/kit/case-report.ts";
import { runTransportKit, type TransportKitOptions } from "../../../src/testing/kit/run-transport-kit.ts";
import { lineOfCase, lineOfCounts, reportTables } from "../../../src/testing/kit/write-report.ts";
import { suiteCases } from "../../../src/testing/transport-suite.ts";
import { type ToyFault, toySetup } from "../toy-transport.ts";

/** Over the toy, only cases of these ids. */
async function kit(
  ids: readonly string[],
  fault?: ToyFault,
  options: Partial<TransportKitOptions> = {},
): Promise<readonly CaseReport[]> {
  const { cases } = await runTransportKit("a toy", {
    setup: () => toySetup(fault),
    kind: "structured",
    only: ({ id }) => ids.includes(id),
    ...options,
  });
  return cases;
}

describe("runTransportKit", () => {
  test("reports ok for each case of a right transport, and what is not about its kind of link", async () => {
    const heard: string[] = [];
    const ids = ["LC-1", "LC-4", "RQ-1", "ST-2", "LM-2", "HS-3"];
    const cases = await kit(ids, undefined, { onCase: ({ id }) => void heard.push(id) });
    expect(heard).toEqual(suiteCases.map(({ id }) => id).filter((id) => ids.includes(id)));
    expect(cases.map(({ close }) => close)).toEqual(cases.map(() => "clean"));
    const others = cases.filter(({ outcome }) => outcome !== "ok");
    expect(others.map(({ id, outcome }) => [id, outcome])).toEqual([
      ["HS-3", "not applicable"],
      ["HS-3", "not applicable"],
      ["LM-2", "not applicable"],
    ]);
    expect(others[0]?.message).toBe("it is about binary links, these are structured");
  });

  test.each<[string, ToyFault]>([
    ["LC-1", "loses a frame"],
    ["LC-4", "loses what waits when it closes"],
    ["LC-7", "throws after its end"],
  ])(
    "%s fails for a transport that %s, with a message",
    async (id, fault) => {
      const [one] = await kit([id], fault);
      expect(one).toMatchObject({ id, outcome: "failed", message: expect.stringMatching(/./) });
      // What does not come is waited for.
    },
    20_000,
  );

  test("what deviates and harms nobody is non-strict", async () => {
    const [one] = await kit(["LC-10"], "asks for last frames for ever");
    expect(one).toMatchObject({ outcome: "non-strict", close: "clean" });
    expect(one?.message).toContain("flushing() is not called");
  });

  test("a transport that cannot be cleaned up closes uncleanly", async () => {
    const setup = async () => ({
      ...(await toySetup()),
      cleanup: () => Promise.reject(new Error("it hangs on")),
    });
    const [one] = await kit(["LC-1"], undefined, { setup });
    expect(one).toMatchObject({ outcome: "ok", close: "unclean", message: "it hangs on" });
  });

  test.each<[string, () => void | Promise<void>, string]>([
    ["rejects", () => Promise.reject(new Error("the port is taken")), "the port is taken"],
    [
      "throws",
      () => {
        throw new Error("no such port");
      },
      "no such port",
    ],
  ])("a setup whose listener %s is cleaned up", async (_, accept, message) => {
    let cleanups = 0;
    const setup = async () => ({ ...(await toySetup()), accept, cleanup: () => void cleanups++ });
    const [one] = await kit(["LC-1"], undefined, { setup });
    expect(one).toMatchObject({ outcome: "failed", close: "clean", message });
    expect(cleanups).toBe(1);
  });

  test("a setup that fails is a failed case, and the next one runs", async () => {
    let count = 0;
    const setup = () => {
      if (++count === 1) throw new Error("no port is free");
      return toySetup();
    };
    const cases = await kit(["LC-1", "LC-2"], undefined, { setup });
    expect(cases.map(({ outcome }) => outcome)).toEqual(["failed", "ok"]);
    expect(cases[0]?.message).toBe("no port is free");
  });
});

describe("reports as text", () => {
  const cases: readonly CaseReport[] = [
    { id: "A-1", title: "one", outcome: "ok", close: "clean", ms: 1.4 },
    { id: "A-2", title: "two", outcome: "failed", close: "unclean", ms: 20, message: "a | b" },
    { id: "A-3", title: "three", outcome: "not applicable", close: "clean", ms: 0, message: "no" },
    { id: "A-4", title: "four", outcome: "non-strict", close: "clean", ms: 0, message: "late" },
  ];
  const report = { subject: "x", cases };

  test("count outcomes, and closes beside them", () => {
    expect(countsOf(report)).toEqual({ ok: 1, nonStrict: 1, failed: 1, notApplicable: 1, unclean: 1 });
    expect(lineOfCounts(report)).toBe(
      "x: 1 ok, 1 non-strict, 1 failed, 1 not applicable; 1 closed uncleanly",
    );
  });

  test("give a line for a case, its message below", () => {
    expect(lineOfCase(cases[1] as CaseReport)).toBe("failed         unclean    20 ms  A-2 two\n    a | b");
  });

  test("list in a table what is not as it should be", () => {
    const text = reportTables([report]);
    expect(text).toContain("| x | 1 | 1 | 1 | 1 | 1 |");
    expect(text).toContain("| x | A-2 two | failed | unclean | a \\| b |");
    expect(text).toContain("| x | A-4 four | non-strict | clean | late |");
    expect(text).not.toContain("A-3 three |");
  });
});
