/**
 * A connection's life: a call, a visitor, a link that is cut, a crash and what follows it, a polite end.
 *
 * The server is a process of its own; the client reaches it through a proxy that can cut the link.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "@sluice/client";
import { faultProxy } from "@sluice/protocol/testing/node";
import { JobClient } from "./client.ts";
import { jobs } from "./protocol.ts";
import { ServerProcess } from "./server-process.ts";

const folder = await mkdtemp(join(tmpdir(), "lifecycle-"));
const address = `unix:${join(folder, "jobs.sock")}`;

let server = await ServerProcess.start(address);
const proxy = await faultProxy(`unix:${join(folder, "proxy.sock")}`, address);
const demo = new JobClient(proxy.address);
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

  console.log("--- the link is cut while numbers stream");
  const counted = demo.count(30_000, (number) => {
    if (number === 1_000) proxy.down(); // the server has written more than these, and less than all
  });
  await server.says("lost its link");
  proxy.heal();
  await Promise.all([counted, server.says("ended")]);

  console.log("--- the server is killed while a job runs");
  started = server.says("started");
  let gone = demo.becomes("reconnecting");
  const lost = demo.run("job 2");
  await started;
  server.kill("SIGKILL");
  await Promise.all([gone, server.exited()]);

  console.log("--- a call is made while there is no server, then one is started");
  job = demo.run("job 3");
  server = await ServerProcess.start(address);
  await Promise.all([lost, server.says("started")]);
  server.finishWork();
  await job;

  console.log("--- the server is asked to end while a job runs");
  started = server.says("started");
  const draining = demo.becomes("draining");
  gone = demo.becomes("reconnecting");
  job = demo.run("job 4");
  await started;
  server.kill("SIGTERM");
  await draining;
  server.finishWork();
  await Promise.all([job, gone, server.exited()]);

  console.log("--- the client ends");
} finally {
  await demo.client.dispose();
  await proxy.close();
  server.kill("SIGKILL");
  await rm(folder, { recursive: true });
}
