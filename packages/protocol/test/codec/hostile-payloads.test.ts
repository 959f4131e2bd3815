/** Payloads that cost little to send: refused in a process with a heap of 128 MiB, quickly, and without growing it (REL-K3, REL-K4). */
import { describe, expect, test } from "vitest";
import { inChild } from "../../src/testing/node/in-child.ts";
import type { Report } from "./hostile-payloads.ts";

const child = inChild(new URL("./hostile-payloads.ts", import.meta.url), {
  heapMiB: 128,
  execArgv: ["--conditions", "@sluice/source", "--import", import.meta.resolve("tsx")],
});
const reports = (await child.message()) as readonly Report[];
const { code, stderr } = await child.end();

test("the process ended by itself", () => {
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(reports.length).toBeGreaterThan(20);
});

describe.each(reports)("$codec: $name", (report) => {
  test("is refused with DECODE_ERROR", () => {
    expect(report.code).toBe("DECODE_ERROR");
  });

  test("takes little time", () => {
    // Text takes longer: what is not much is parsed before it is judged.
    const expected = report.codec === "json" ? 20 + report.bytes / 10_000 : 5 + report.bytes / 20_000;
    expect(report.ms).toBeLessThan(expected);
  });

  test("takes little memory", () => {
    // Copies of the payload: of each run one that nobody has collected yet, and the text that it is. Besides those what the
    // process takes for itself; what is believed takes hundreds.
    expect(report.peakMiB).toBeLessThan(24 + (8 * report.bytes) / 2 ** 20);
  });
});
