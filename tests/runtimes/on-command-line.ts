/** The program that Node, Bun and Deno run: everything, with the addresses of its argument, and the report as the last line. */
import { auto, closures } from "@sluice/protocol";
import { ajv } from "@sluice/server/ajv";
import { farWires } from "./far-wires.ts";
import { injectedWire } from "./injected-wire.ts";
import type { Report } from "./report.ts";
import { describeCases, runCalls } from "./run-calls.ts";
import { runVerdicts } from "./run-verdicts.ts";
import { localWires } from "./wires.ts";

const report: Report = {
  cases: describeCases(),
  verdicts: await runVerdicts({
    closures,
    ajv,
    auto: (options) => auto(ajv(options), closures(options)),
  }),
  calls: await runCalls([...localWires(), injectedWire, ...farWires(JSON.parse(process.argv[2] ?? ""))]),
};
console.log(JSON.stringify(report));
