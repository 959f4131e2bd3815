/** A worker thread that listens at the path that its argument names. */
import { parentPort } from "node:worker_threads";
import { listenSocket } from "@sluice/transport-socket";

await listenSocket({ path: process.argv[2] as string }).listen(() => {});
parentPort?.postMessage("listening");
