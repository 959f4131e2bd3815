/** The conformance command: the reference peer in Python passes every case, and each fault that is planted in it is found by the cases that are about it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isPassed, type KitReport, nameOf } from "../../../src/testing/kit/case-report.ts";
import { lastPeerCase, peerCases } from "../../../src/testing/kit/run-peer-kit.ts";
import { runConformanceCommand } from "../../../src/testing/node/conformance-command.ts";
import { finishesCleanly } from "../../../src/testing/node/finishes-cleanly.ts";

const reference = fileURLToPath(new URL("../../../conformance/reference_peer.py", import.meta.url));

let folder: string;
let reports = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kit-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface Ran {
  readonly code: number;
  readonly printed: string;
  readonly report: KitReport;
}

/** Runs the command against the reference peer, or another program. What it leaves behind is looked for by whoever calls. */
async function runBeside(
  only: string,
  faults: readonly string[],
  options: readonly string[],
  program: readonly string[] = ["python3", reference],
): Promise<Ran> {
  const json = join(folder, `report-${++reports}.json`);
  const lines: string[] = [];
  const args = [...options, "--json", json, ...(only === "" ? [] : ["--only", only])];
  const code = await runConformanceCommand(
    [...args, "--", ...program, ...faults],
    (line) => void lines.push(line),
  );
  return { code, printed: lines.join("\n"), report: JSON.parse(readFileSync(json, "utf8")) as KitReport };
}

/** The same with nothing beside it, which leaves nothing behind. */
function run(only: string, faults: readonly string[] = [], ...options: string[]): Promise<Ran> {
  return finishesCleanly(() => runBeside(only, faults, options));
}

function failedIds({ report }: Ran): string[] {
  return [...new Set(report.cases.filter((one) => !isPassed(one)).map(({ id }) => id))];
}

/** Every case in the order of reports, by a name that no other has. */
function namesWithRoles(): readonly { readonly id: string; readonly name: string }[] {
  const ofRoles = peerCases.map((one) => ({ id: one.id, name: `${one.role}: ${nameOf(one)}` }));
  return [...ofRoles, { id: lastPeerCase.id, name: `program: ${nameOf(lastPeerCase)}` }];
}

/** By fault of the reference peer: the cases that have to fail. Beside them the two of RQ-3 run, which pass if they are not named. */
const plantedFaults: readonly (readonly [fault: string, ...failing: string[]])[] = [
  // Those that take longest begin first: what does not come is waited for.
  ["half-open", "FR-2"],
  ["half-open", "HS-5", "HS-6"],
  ["half-open", "HS-2", "HS-3"],
  ["cut-unseen", "LF-3"],
  ["close-unheard", "LF-2"],
  ["stays", "LF-4"],
  ["any-credit", "FC-7"],
  ["any-id", "ID-1"],
  ["no-limit", "FC-6"],
  ["no-credit", "CH-7", "FC-5", "FC-11"],
  ["stop-unheard", "ST-3", "CA-2"],
  ["any-call", "ID-2", "RQ-10"],
  ["any-type", "FR-2"],
  ["over-send", "FC-1", "FC-2", "RQ-2"],
  ["no-end", "CH-7"],
  ["no-pong", "LF-1"],
  ["no-done", "RQ-1"],
  ["one-per-write", "FR-1"],
  ["any-json", "CD-4"],
  ["any-origin", "ID-3"],
  ["lower-limits", "FC-7"],
  ["any-offset", "FC-6"],
  ["any-order", "ST-4"],
  ["abort-unheard", "CA-1"],
  ["no-deadline", "CA-15"],
  ["done-unheard", "CA-19"],
  ["rest-ends-all", "CA-19"],
  ["one-for-all", "LF-3"],
  ["even-ids", "ID-1"],
  ["wrong-offset", "ST-1", "CH-1"],
  ["double-result", "CD-1", "ST-1"],
  ["late-end", "CD-1", "RQ-1"],
  ["strict-over", "ID-2", "RQ-10"],
  ["bare-greeting", "HS-1"],
  ["hasty", "HS-1"],
  ["first-version", "HS-2"],
  ["why-unheard", "HS-7"],
  ["strict-extensions", "HS-9"],
  ["whole-chunks", "HS-10"],
  ["null-for-absent", "RQ-1"],
  ["bare-error", "RQ-3"],
  ["tells-all", "RQ-4"],
  ["any-code", "RQ-4"],
  ["processed", "RQ-5", "LF-2", "LF-3"],
  ["no-metadata", "RQ-7"],
  ["last-param", "RQ-8"],
  ["repeats-items", "ST-1", "CH-1"],
  ["pieces-apart", "ST-1"],
  ["hard-stop", "ST-3"],
  ["soft-abort", "CA-1"],
  ["drain-unheard", "DR-1"],
];

/** Cases that none of these faults fails, as reports name them behind their role, and why there is no such fault. */
const unplanted: Readonly<Record<string, string>> = {};

describe("sluice-conformance", () => {
  test("passes a peer that was written from wire.md, with every case; it complains of nothing and leaves nothing", async () => {
    const complaints = join(folder, "complaints");
    const program = ["sh", "-c", `exec python3 '${reference}' 2>'${complaints}'`];
    const { code, printed, report } = await finishesCleanly(() => runBeside("", [], [], program));
    expect(readFileSync(complaints, "utf8")).toBe("");
    expect(report.cases.filter((one) => one.outcome !== "ok" || one.close !== "clean")).toEqual([]);
    expect(report.cases.map(nameOf)).toEqual([...peerCases.map(nameOf), nameOf(lastPeerCase)]);
    expect(code).toBe(0);
    expect(printed).toContain("0 failed, 0 not applicable; 0 closed uncleanly");
  }, 60_000);

  describe("with a fault planted in the peer", () => {
    const ran = new Map<(typeof plantedFaults)[number], Ran>();
    // A peer that is waited for in vain takes no processor: several at once.
    beforeAll(async () => {
      const left = [...plantedFaults];
      const work = async (): Promise<void> => {
        for (let next = left.shift(); next !== undefined; next = left.shift()) {
          const [fault, ...failing] = next;
          const only = new Set([...failing, "RQ-3"]);
          // What it complains of is its own matter.
          const program = ["sh", "-c", `exec python3 '${reference}' --fault ${fault} 2>/dev/null`];
          ran.set(next, await runBeside([...only].join(), [], [], program));
        }
      };
      await finishesCleanly(async () => void (await Promise.all(Array.from({ length: 8 }, work))));
    }, 180_000);

    test.each(plantedFaults.map((row) => [row[0], row] as const))("finds %s", (_, row) => {
      const [, ...failing] = row;
      const one = ran.get(row) as Ran;
      expect(failedIds(one).sort()).toEqual(failing.sort());
      expect(one.code).toBe(1);
    });

    test("fails every case, but those of which it is said why not", () => {
      const failed = new Set<string>();
      for (const [[, ...failing], { report }] of ran) {
        // Two cases with one name differ in their role, which reports do not say.
        const names = namesWithRoles().filter(({ id }) => [...failing, "RQ-3"].includes(id));
        for (const [at, one] of report.cases.entries()) {
          if (!isPassed(one)) failed.add(names[at]?.name ?? "");
        }
      }
      const missed = namesWithRoles().filter(({ name }) => !failed.has(name));
      expect(missed.map(({ name }) => name)).toEqual(Object.keys(unplanted));
    });
  });

  test("a peer that ends in the middle of a case fails it, and is started anew for the next", async () => {
    const ran = await run("ST-1,RQ-3", ["--fault", "dies-in-stream"]);
    const outcomes = ran.report.cases.map(({ id, outcome, close }) => `${id} ${outcome} ${close}`);
    expect(outcomes).toContain("ST-1 failed unclean");
    expect(outcomes.filter((line) => line.startsWith("RQ-3"))).toEqual(["RQ-3 ok clean", "RQ-3 ok clean"]);
  }, 60_000);

  test("bytes that are no frames fail a case, and nothing else", async () => {
    const ran = await run("LF-1,RQ-3", ["--fault", "garbage-pong"]);
    expect(failedIds(ran)).toEqual(["LF-1"]);
    expect(ran.printed).toContain("The peer's bytes are no frames");
  }, 60_000);

  test("a known failure has to fail, and to exist", async () => {
    const list = join(folder, "known-failing.txt");
    writeFileSync(list, "RQ-4 what a handler throws is INTERNAL, and says nothing of it\n");
    const failing = await run("RQ-4", ["--fault", "tells-all"], "--known-failing", list);
    expect(failing.code).toBe(0);
    const passing = await run("RQ-4", [], "--known-failing", list);
    expect([passing.code, passing.printed]).toEqual([
      1,
      expect.stringContaining("is known to fail, and passes"),
    ]);
    writeFileSync(list, "RQ-4 a case that was renamed\n");
    const gone = await run("RQ-4", [], "--known-failing", list);
    expect([gone.code, gone.printed]).toEqual([1, expect.stringContaining("there is no such case")]);
  }, 60_000);

  test("says how it is used", async () => {
    const printed: string[] = [];
    const code = await runConformanceCommand([], (line) => void printed.push(line));
    expect([code, printed[0]]).toEqual([
      2,
      expect.stringContaining("sluice-conformance [options] -- command"),
    ]);
    expect(await runConformanceCommand(["--nonsense"], () => {})).toBe(2);
  });

  test.each([
    ["FC1", '"FC1"'],
    ["RQ,FC1,CA", '"FC1"'],
    ["", '""'],
  ])("refuses --only %s, which begins no case's id, and starts nothing", async (only, named) => {
    const printed: string[] = [];
    const code = await runConformanceCommand(
      ["--only", only, "--", "a-program-that-is-not-there"],
      (line) => void printed.push(line),
    );
    expect(code).toBe(2);
    expect(printed.join("\n")).toContain(`--only ${named}`);
  });

  test("a program that has no role passes nothing", async () => {
    const answers = `process.stdin.on("data", (line) => {
      console.log(JSON.stringify({ id: JSON.parse(line).id, name: "idle", roles: [] }));
    });`;
    const { code, printed } = await runBeside("", [], [], [process.execPath, "-e", answers]);
    expect(code).toBe(1);
    expect(printed).toContain("idle: no case is applicable");
  });

  test("the program's own end may be all that is asked for", async () => {
    const { code, report } = await run("LF-4");
    expect([code, report.cases.map(({ id }) => id)]).toEqual([0, ["LF-4"]]);
  });

  test("prints its cases as data", async () => {
    const printed: string[] = [];
    expect(await runConformanceCommand(["--cases"], (line) => void printed.push(line))).toBe(0);
    expect(JSON.parse(printed.join("\n"))).toEqual(JSON.parse(JSON.stringify(peerCases)));
  });

  test("runs the suite over a transport that a module brings", async () => {
    const module = join(folder, "setup.mjs");
    const door = new URL("../toy-transport.ts", import.meta.url).href;
    writeFileSync(
      module,
      `export { toySetup as setup } from ${JSON.stringify(door)};
export const name = "a toy", kind = "structured";\n`,
    );
    const printed: string[] = [];
    const args = ["--transport", module, "--only", "LC-1"];
    expect(await runConformanceCommand(args, (line) => void printed.push(line))).toBe(0);
    expect(printed.at(-1)).toBe(
      "\na toy: 1 ok, 0 non-strict, 0 failed, 0 not applicable; 0 closed uncleanly",
    );
    // Its links carry no bytes.
    const none = ["--transport", module, "--only", "HS-3"];
    expect(await runConformanceCommand(none, (line) => void printed.push(line))).toBe(1);
    expect(printed.at(-1)).toBe("a toy: no case is applicable");
    expect(await runConformanceCommand(["--transport", module, "--only", "LM-99"], () => {})).toBe(2);
  });

  test.each<[what: string, args: readonly string[], says: readonly string[]]>([
    ["a program that is not there", ["--", "no-such-program"], ["no-such-program", "ENOENT", '"describe"']],
    ["a program that says nothing", ["--", "true"], ["Cannot report on true: ", "ended", '"describe"']],
    ["a module that is not there", ["--transport", "./no-such.mjs"], ["no-such.mjs", "setup()"]],
    [
      "a module without setup",
      ["--transport", import.meta.filename.replace(/conformance-command.test.ts$/, "children/no-setup.mjs")],
      ["no function setup"],
    ],
  ])("says what it wants instead of %s", async (_, args, says) => {
    const printed: string[] = [];
    const code = await finishesCleanly(() => runConformanceCommand(args, (line) => void printed.push(line)));
    expect(code).toBe(2);
    for (const part of says) expect(printed.join("\n")).toContain(part);
  });
});
