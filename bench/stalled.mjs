// What one reader that has stopped costs ninety-nine others: items per second with it and without it, in turn.
//
// The stalled one is a process that is stopped in the middle of an endless stream, as a tab that is paused: a client in a session, or a
// `curl -N`. The others read so many items each, all at once; one item too few for any of them is an error.
import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { connect } from "./adapters/sluice.mjs";
import { median, spread } from "./statistics.mjs";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    readers: { type: "string", default: "99" },
    items: { type: "string", default: "2000" },
    links: { type: "string", default: "ws,http,direct" },
  },
});
const items = Number(options.items);
const endless = 1_000_000_000;
const file = (name) => fileURLToPath(new URL(name, import.meta.url));
const jsonHeaders = { "content-type": "application/json" };

const links = {
  ws: { title: "WebSocket, session", address: "ws://127.0.0.1:0", open: connect, stall: stallSession },
  http: { title: "HTTP and SSE, session", address: "http://127.0.0.1:0", open: connect, stall: stallSession },
  direct: {
    title: "HTTP, direct calls",
    address: "http://127.0.0.1:0",
    open: async (url) => ({ ticks: (count) => readDirect(url, count), close: async () => {} }),
    stall: stallCurl,
  },
};

/** Reads `count` items of a direct call; resolves with how many came. */
async function readDirect(url, count) {
  const response = await fetch(`${url}/ticks`, { method: "POST", headers: jsonHeaders, body: `${count}` });
  let received = 0;
  let line = "";
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (line + chunk).split("\n");
    line = lines.pop();
    for (const text of lines) if (text.startsWith("data: ")) received++;
  }
  return received;
}

/** Resolves with a process that has read some of its stream and is stopped. */
async function stallSession(address) {
  const child = fork(file("./stalled-reader.mjs"), [address, `${endless}`]);
  await once(child, "message");
  child.kill("SIGSTOP");
  return child;
}

async function stallCurl(url) {
  const curl = spawn("curl", ["-sN", "--json", `${endless}`, `${url}/ticks`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(curl.stdout, "data");
  curl.kill("SIGSTOP");
  curl.stdout.pause();
  return curl;
}

/** Items per second of all `clients` together. */
async function measure(clients) {
  const startedAt = performance.now();
  const counts = await Promise.all(clients.map((client) => client.ticks(items)));
  const seconds = (performance.now() - startedAt) / 1000;
  if (counts.some((count) => count !== items))
    throw new Error(`a reader got ${Math.min(...counts)} of ${items}`);
  return (clients.length * items) / seconds;
}

async function compare({ title, address, open, stall }) {
  const server = fork(file("./peer.mjs"), ["server", "sluice", address]);
  const [{ ready }] = await once(server, "message");
  const url = ready.replace(/\/$/, "");
  const clients = await Promise.all(Array.from({ length: Number(options.readers) }, () => open(url)));
  await measure(clients);
  const rates = { without: [], with: [] };
  for (let round = 0; round < Number(options.rounds); round++) {
    rates.without.push(await measure(clients));
    const stalled = await stall(url);
    rates.with.push(await measure(clients));
    stalled.kill("SIGKILL");
    await once(stalled, "exit");
  }
  for (const client of clients) void client.close();
  server.disconnect();
  const thousands = (values) =>
    spread(
      values.map((value) => value / 1000),
      0,
    );
  const ratios = rates.with.map((rate, round) => rate / rates.without[round]);
  console.log(`| ${title} | ${thousands(rates.without)} | ${thousands(rates.with)} | ${spread(ratios)} × |`);
  return median(ratios);
}

console.log(
  `Node ${process.version}, ${options.readers} readers of ${items.toLocaleString("en")} items each, ${options.rounds} rounds, medians (quartiles)\n`,
);
console.log("| over | thousand items/s without a stalled reader | with one | with to without |");
console.log("| --- | --: | --: | --: |");
for (const link of options.links.split(",")) await compare(links[link]);
process.exit();
