/**
 * Runs the conformance kit over one of our transports, in a process of its own: its name is the argument, its report goes to the parent.
 *
 * Without an argument it prints what there is to run, as JSON.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { caseName, nameOf, peerCases, runTransportKit, suiteCases } from "@sluice/protocol/testing";
import { subjects } from "./transport-setups.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

const [, , wanted, prefixes = ""] = process.argv;
if (wanted === undefined) {
  const plan = {
    subjects: subjects.map(({ name }) => name),
    cases: suiteCases.map(caseName),
    peerCases: peerCases.map(nameOf),
  };
  process.stdout.write(JSON.stringify(plan));
  process.exit();
}
const subject = subjects.find(({ name }) => name === wanted);
if (subject === undefined) throw new TypeError(`There is no subject ${JSON.stringify(wanted)}`);
const ids = prefixes === "" ? undefined : prefixes.split(",");
const report = await runTransportKit(subject.name, {
  ...subject,
  collectGarbage,
  only: ({ id }) => ids?.some((one) => id.startsWith(one)) ?? true,
});
process.send?.(report);
process.disconnect?.();
