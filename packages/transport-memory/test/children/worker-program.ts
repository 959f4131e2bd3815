/** A whole program: calls the worker that its argument names, disposes of its client, and does nothing else to end. */
import { Worker } from "node:worker_threads";
import { Client } from "@sluice/client";
import { messagePortTransport } from "@sluice/transport-memory";
import { workerProtocol } from "./worker-protocol.ts";

const worker = new Worker(process.argv[2] as string);
worker.on("exit", (code) => console.log(`worker exits with ${code}`));
const client = new Client({ protocol: workerProtocol, transport: messagePortTransport(worker) });
console.log(await client.request("add", { param: [1, 2] }));
// A call that still runs is no reason to stay.
await client.stream("pour", { param: 1_000_000 }).readable.getReader().read();
await client.dispose();
console.log("disposed");
