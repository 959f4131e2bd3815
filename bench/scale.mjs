// What many streams and many connections cost a server: heap per open stream, resident memory per idle connection.
//
// Streams: all on one connection; the handler of each is entered, its first item taken, its reader paused. Connections: idle after
// the handshake, against sockets of a plain `net` server in the same run. The first connections make the process load code and V8
// grow its young space, which is no cost of those that follow: once they come on top of so many that it has grown, once it is held
// at 1 MiB. Memory is read after two collections.
import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect as connectSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { connect } from "@sluice/client";
import { median, quantile } from "./statistics.mjs";

const { values: options } = parseArgs({
  options: {
    streams: { type: "string", default: "10000" },
    connections: { type: "string", default: "1000" },
    rounds: { type: "string", default: "5" },
    warm: { type: "string", default: "4000" },
  },
});
const folder = mkdtempSync(join(tmpdir(), "sluice-scale-"));
const script = fileURLToPath(new URL("./scale-server.mjs", import.meta.url));
let servers = 0;

async function startServer(kind, ...flags) {
  const address = `unix:${join(folder, `${++servers}.sock`)}`;
  const child = fork(script, [kind, address], { execArgv: [...process.execArgv, "--expose-gc", ...flags] });
  const next = () => new Promise((resolve) => child.once("message", resolve));
  const { ready } = await next();
  return {
    address: ready,
    memory() {
      const answer = next();
      child.send({});
      return answer;
    },
    stop: () => child.disconnect(),
  };
}

const limits = { maxCalls: 20_000, maxQueue: 20_000, maxBuffered: 2 ** 30 };

async function measureStreams(count) {
  const server = await startServer("sluice");
  const client = await connect(server.address, { limits });
  await client.request("ask");
  const before = await server.memory();
  const readers = [];
  for (let opened = 0; opened < count; ) {
    const batch = [];
    for (let i = 0; i < 500 && opened < count; i++, opened++) {
      const call = client.stream("watch");
      const reader = call.readable.getReader();
      readers.push(call);
      batch.push(reader.read());
    }
    await Promise.all(batch);
  }
  const after = await server.memory();
  const waits = [];
  for (let i = 0; i < 200; i++) {
    const startedAt = performance.now();
    await client.request("ask");
    waits.push(performance.now() - startedAt);
  }
  for (const call of readers) call.abort();
  server.stop();
  return {
    entered: after.entered,
    bytes: (after.heapUsed - before.heapUsed) / count,
    p50: median(waits),
    p99: quantile(waits, 0.99),
  };
}

async function measureConnections(kind, count, warm, ...flags) {
  const server = await startServer(kind, ...flags);
  const open = async () => {
    if (kind === "raw") {
      const socket = connectSocket(server.address.slice("unix:".length));
      await new Promise((resolve) => socket.once("data", resolve));
      return () => socket.destroy();
    }
    const client = await connect(server.address, { reconnect: false });
    await client.ready;
    return () => client.dispose();
  };
  const ends = [];
  for (let i = 0; i < warm; i++) ends.push(await open());
  const before = await server.memory();
  for (let i = 0; i < count; i++) ends.push(await open());
  const after = await server.memory();
  for (const end of ends) void end();
  server.stop();
  return (after.rss - before.rss) / count;
}

async function compareConnections(count, warm, how, ...flags) {
  const rows = { raw: [], sluice: [] };
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const kind of ["raw", "sluice"]) {
      rows[kind].push((await measureConnections(kind, count, warm, ...flags)) / 1024);
    }
  }
  const [raw, sluice] = [median(rows.raw), median(rows.sluice)];
  console.log(
    `${count.toLocaleString("en")} idle connections, ${how}: ${sluice.toFixed(2)} KiB resident each, ` +
      `a plain net server ${raw.toFixed(2)} KiB: ${(sluice - raw).toFixed(2)} KiB more (medians of ${options.rounds} rounds)`,
  );
}

try {
  const streams = Number(options.streams);
  const { entered, bytes, p50, p99 } = await measureStreams(streams);
  console.log(`Node ${process.version}, unix sockets\n`);
  console.log(
    `${entered.toLocaleString("en")} open streams on one connection: ${(bytes / 1024).toFixed(2)} KiB of heap each; ` +
      `a request beside them takes ${p50.toFixed(2)} ms (median), ${p99.toFixed(2)} ms (p99 of 200)`,
  );
  const count = Number(options.connections);
  const warm = Number(options.warm);
  await compareConnections(count, warm, `on top of ${warm.toLocaleString("en")}`);
  await compareConnections(count, count, "young space held at 1 MiB", "--max-semi-space-size=1");
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit();
