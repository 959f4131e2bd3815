/** The Worker that workerd runs: engines are made, and compile, while the module starts and again in the handler of a request. */
import { auto, closures } from "@sluice/protocol";
import { ajv } from "@sluice/server/ajv";
import { farWires } from "./far-wires.ts";
import type { Report } from "./report.ts";
import { describeCases, runCalls } from "./run-calls.ts";
import { runVerdicts } from "./run-verdicts.ts";
import { localWires } from "./wires.ts";

/** Whether functions can be made out of text where this is called. */
function canGenerateCode(): boolean {
  try {
    return new Function("return true")();
  } catch {
    return false;
  }
}

const canAtStart = canGenerateCode();
/** What it learns while the module starts must not lead it astray later. */
const early = auto(ajv(), closures());
const isPositive = early.compile({ type: "integer", minimum: 1 });

export interface WorkerReport extends Report {
  readonly canGenerateCode: { readonly atStart: boolean; readonly inHandler: boolean };
  /** What was compiled while the module started, asked in the handler about 1 and 0. */
  readonly early: readonly (string | undefined)[];
}

export default {
  async fetch(request: Request): Promise<Response> {
    const report: WorkerReport = {
      canGenerateCode: { atStart: canAtStart, inHandler: canGenerateCode() },
      early: [isPositive(1), isPositive(0)].map((issue) => issue?.keyword),
      cases: describeCases(),
      verdicts: await runVerdicts({
        closures,
        "auto, made at start": () => early,
        "auto, made in the handler": (options) => auto(ajv(options), closures(options)),
      }),
      calls: await runCalls([...localWires(), ...farWires(await request.json())]),
    };
    return Response.json(report);
  },
};
