/** The script of a page that may not generate code: everything, without one violation of its policy; then one on purpose. */
import { auto, closures } from "@sluice/protocol";
import { ajv } from "@sluice/server/ajv";
import { farWires } from "./far-wires.ts";
import type { Report } from "./report.ts";
import { describeCases, runCalls } from "./run-calls.ts";
import { runVerdicts } from "./run-verdicts.ts";
import { localWires } from "./wires.ts";

export interface PageReport extends Report {
  /** Violations that the page was told of before its end. */
  readonly violations: readonly string[];
  /** Those of the violation on purpose: had there been others, they would have been seen. */
  readonly onPurpose: readonly string[];
}

const violations: string[] = [];
document.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) => {
  violations.push(`${effectiveDirective} ${blockedURI}`);
});

/** Waits until the page is told of a violation whose source begins with `uri`. */
function told(uri: string): Promise<void> {
  return new Promise((resolve) => {
    document.addEventListener("securitypolicyviolation", ({ blockedURI }) => {
      if (blockedURI.startsWith(uri)) resolve();
    });
  });
}

/** Tries to make a function out of text, and then to load what the reader of the browser's reports knows as their end. */
async function violateOnPurpose(): Promise<void> {
  const ofCode = Promise.race([told("eval"), told("trusted-types-sink")]);
  let isRefused = false;
  try {
    new Function("return true")();
  } catch {
    isRefused = true;
  }
  if (!isRefused) throw new Error("The page may generate code");
  await ofCode;
  const ofEnd = told("https://on-purpose.invalid");
  new Image().src = "https://on-purpose.invalid/";
  await ofEnd;
}

async function run(): Promise<PageReport> {
  const settings = await (await fetch("/settings.json")).json();
  const verdicts = await runVerdicts({
    closures,
    auto: (options) => auto(ajv(options), closures(options)),
  });
  const calls = await runCalls([...localWires(), ...farWires(settings)]);
  const before = [...violations];
  await violateOnPurpose();
  return {
    cases: describeCases(),
    verdicts,
    calls,
    violations: before,
    onPurpose: violations.slice(before.length),
  };
}

const report = await run().catch((reason: unknown) => ({ failed: String(reason) }));
await fetch("/report", { method: "POST", body: JSON.stringify(report) });
