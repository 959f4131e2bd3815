/** Judges reports of the conformance kit by the list of known failures; arguments: the reports' file, the list's. Prints the problems as JSON. */
import { readFileSync } from "node:fs";
import { type KitReport, kitProblems, readKnownFailing } from "@sluice/protocol/testing";

const [, , reports = "", list = ""] = process.argv;
const known = readKnownFailing(readFileSync(list, "utf8"));
const read = JSON.parse(readFileSync(reports, "utf8")) as KitReport[];
process.stdout.write(JSON.stringify(kitProblems(read, known)));
