/** A worker that is sent a stream and tells what came out of it. */
import { parentPort } from "node:worker_threads";

parentPort.once("message", async (stream) => {
  const items = [];
  try {
    for await (const item of stream) items.push(item);
    parentPort.postMessage({ items });
  } catch (reason) {
    parentPort.postMessage({ items, failed: String(reason) });
  }
});
