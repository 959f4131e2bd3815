#!/usr/bin/env node
/**
 * The program `sluice-conformance`, as `npx` runs it.
 */
import { runConformanceCommand } from "./index.ts";

process.exitCode = await runConformanceCommand(process.argv.slice(2), (line) => {
  process.stdout.write(`${line}\n`);
});
