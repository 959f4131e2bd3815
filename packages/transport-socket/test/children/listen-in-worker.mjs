/** A worker thread that listens at the path that its argument names. */
import { parentPort } from "node:worker_threads";
import { register } from "tsx/esm/api";

register();
const { listenSocket } = await import("@sluice/transport-socket");
await listenSocket({ path: process.argv[2] }).listen(() => {});
parentPort.postMessage("listening");
