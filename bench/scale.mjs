// What many streams and many connections cost a server: heap per open stream, resident memory per idle connection.
//
// Streams: all on one connection; the handler of each is entered, its first item taken, its reader paused. Connections: idle after
// the handshake, against sockets of a plain `net` server in the same run. The first connections make the process load code and V8
// grow its young space, which is no cost of those that follow: once they come on top of so many that it has grown, once it is held
// at 1 MiB. Memory is read after two collections.
import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { connect } from "@sluice/client";
import { openClient } from "./scale-clients.mjs";
import { median, quantile, spread } from "./statistics.mjs";

const { values: options } = parseArgs({
  options: {
    streams: { type: "string", default: "10000" },
    connections: { type: "string", default: "1000" },
    rounds: { type: "string", default: "5" },
    warm: { type: "string", default: "4000" },
    links: { type: "string", default: "unix,ws,sse" },
  },
});
const folder = mkdtempSync(join(tmpdir(), "sluice-scale-"));
const script = fileURLToPath(new URL("./scale-server.mjs", import.meta.url));
let servers = 0;

async function startServer(kind, address, ...flags) {
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
  const server = await startServer("sluice", links.unix.address());
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

/** What idle clients are measured over: the server's own address, what they are compared with. */
const links = {
  unix: {
    address: () => `unix:${join(folder, `${++servers}.sock`)}`,
    raw: "raw-unix",
    what: "a plain net server",
  },
  ws: { address: () => "ws://127.0.0.1:0", raw: "raw-ws", what: "a plain ws server" },
  sse: { address: () => "http://127.0.0.1:0", raw: "raw-sse", what: "responses of node:http" },
};
/** Clients that are opened at once. */
const together = 20;

async function measureConnections(kind, address, count, warm, ...flags) {
  const server = await startServer(kind, address, ...flags);
  const ends = [];
  const openUpTo = async (total) => {
    while (ends.length < total) {
      const batch = Math.min(together, total - ends.length);
      const opening = Array.from({ length: batch }, () => openClient[kind](server.address));
      ends.push(...(await Promise.all(opening)));
    }
  };
  await openUpTo(warm);
  const before = await server.memory();
  await openUpTo(warm + count);
  const after = await server.memory();
  for (const end of ends) void end();
  server.stop();
  const each = (bytes) => bytes / count / 1024;
  return {
    resident: each(after.rss - before.rss),
    used: each(after.heapUsed + after.external - before.heapUsed - before.external),
  };
}

async function compareConnections(link, count, warm, how, ...flags) {
  const { address, raw, what } = links[link];
  const samples = { [raw]: [], sluice: [] };
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const kind of Object.keys(samples)) {
      samples[kind].push(await measureConnections(kind, address(), count, warm, ...flags));
    }
  }
  console.log(`${count.toLocaleString("en")} idle connections over ${link}, ${how}, KiB each:`);
  for (const [measure, name] of [
    ["used", "heap and external"],
    ["resident", "resident"],
  ]) {
    const of = (kind) => samples[kind].map((sample) => sample[measure]);
    const differences = of("sluice").map((value, round) => value - of(raw)[round]);
    console.log(
      `  ${name}: ${spread(of("sluice"))}, ${what} ${spread(of(raw))}: ${spread(differences)} more ` +
        `(medians and quartiles of ${options.rounds} rounds)`,
    );
  }
}

try {
  console.log(`Node ${process.version}\n`);
  const streams = Number(options.streams);
  if (streams > 0) {
    const { entered, bytes, p50, p99 } = await measureStreams(streams);
    console.log(
      `${entered.toLocaleString("en")} open streams on one unix connection: ${(bytes / 1024).toFixed(2)} KiB of heap each; ` +
        `a request beside them takes ${p50.toFixed(2)} ms (median), ${p99.toFixed(2)} ms (p99 of 200)`,
    );
  }
  const count = Number(options.connections);
  const warm = Number(options.warm);
  for (const link of options.links.split(",")) {
    await compareConnections(link, count, warm, `on top of ${warm.toLocaleString("en")}`);
    await compareConnections(link, count, count, "young space held at 1 MiB", "--max-semi-space-size=1");
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit();
