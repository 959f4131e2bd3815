/** Starts the program that its arguments name, as the kit does, and says so. */
import { startPeerProgram } from "../../../../src/testing/node/peer-process.ts";

await startPeerProgram(process.argv.slice(2));
process.stdout.write("started\n");
