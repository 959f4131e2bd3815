/** A connection's life: a call, a visitor, a crash and what follows it, a polite end. The server is a process of its own. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "@sluice/client";
import { JobClient } from "./client.ts";
import { jobs } from "./protocol.ts";
import { ServerProcess } from "./server-process.ts";

const folder = await mkdtemp(join(tmpdir(), "lifecycle-"));
const address = `unix:${join(folder, "jobs.sock")}`;

let server = await ServerProcess.start(address);
const demo = new JobClient(address);
try {
  console.log("--- a call");
  let started = server.says("started");
  let job = demo.run("job 1");
  await started;
  server.finishWork();
  await job;

  console.log("--- a visitor comes and goes");
  const left = server.says("disconnected");
  const visitor = await connect(address, { protocol: jobs, name: "visitor" });
  await visitor.ready;
  await visitor.dispose();
  await left;

  console.log("--- the server is killed while a job runs");
  started = server.says("started");
  const lost = demo.run("job 2");
  await started;
  server.kill("SIGKILL");
  await Promise.all([lost, server.exited()]);

  console.log("--- a call is made while there is no server, then one is started");
  job = demo.run("job 3");
  server = await ServerProcess.start(address);
  await server.says("started");
  server.finishWork();
  await job;

  console.log("--- the server is asked to end while a job runs");
  started = server.says("started");
  const draining = demo.becomes("draining");
  const gone = demo.becomes("reconnecting");
  job = demo.run("job 4");
  await started;
  server.kill("SIGTERM");
  await draining;
  server.finishWork();
  await Promise.all([job, gone, server.exited()]);

  console.log("--- the client ends");
} finally {
  await demo.client.dispose();
  server.kill("SIGKILL");
  await rm(folder, { recursive: true });
}
