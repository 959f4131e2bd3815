/** A worker thread that serves its protocol to whoever started it. */
import { parentPort, workerData } from "node:worker_threads";
import { Server } from "@sluice/server";
import { messagePortTransport } from "@sluice/transport-memory";
import { type Gate, graceMs, workerProtocol } from "./worker-protocol.ts";

if (parentPort === null) throw new Error("This runs in a worker");
let poured = 0;
new Server({
  protocol: workerProtocol,
  transport: messagePortTransport(parentPort),
  public: true,
  graceMs,
  limits: { maxMessage: 15 * 1024 * 1024, maxBuffered: 32 * 1024 * 1024 },
  handlers: {
    add: ({ param: [a, b] }) => a + b,
    echo: ({ param }) => param,
    sum: ({ param }) => param.reduce((sum, byte) => sum + byte, 0),
    async pour({ param, writable, signal }) {
      const writer = writable.getWriter();
      for (let n = 0; n < param && !signal.aborted; n++) {
        await writer.write({ n, text: "x".repeat(1_000) });
        poured++;
      }
      return param;
    },
    poured: () => poured,
    block() {
      const { open, port } = workerData as Gate;
      port.postMessage("busy");
      Atomics.wait(open, 0, 0);
    },
  },
});
