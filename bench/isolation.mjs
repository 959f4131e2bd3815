// What one honest client notices while others attack its server: the times of its requests, and how many fail.
//
// One server with the limits that it comes with; the neighbour and the attackers are processes of their own. Every attack runs
// beside the same neighbour, one after the other, several rounds of all of them, with a round of rest in each.
import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { attacks } from "./isolation/attacks.mjs";
import { median, quantile } from "./statistics.mjs";

const { values: options } = parseArgs({
  options: {
    seconds: { type: "string", default: "4" },
    rounds: { type: "string", default: "3" },
    transport: { type: "string", default: "unix" },
    attacks: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const names = options.attacks?.split(",") ?? Object.keys(attacks);
const strange = names.filter((name) => !Object.hasOwn(attacks, name));
if (strange.length > 0) throw new TypeError(`No such attack: ${strange.join(", ")}`);

const folder = mkdtempSync(join(tmpdir(), "sluice-isolation-"));
const address = options.transport === "unix" ? `unix:${join(folder, "s.sock")}` : "tcp://127.0.0.1:0";

/** A process of this benchmark, which answers one question at a time. */
async function start(file, ...args) {
  const child = fork(fileURLToPath(new URL(`./isolation/${file}.mjs`, import.meta.url)), args);
  const next = () =>
    new Promise((resolve, reject) => {
      const ended = (code) => reject(new Error(`${file} ${args.join(" ")} ended with ${code}`));
      child.once("exit", ended);
      child.once("message", (message) => {
        child.off("exit", ended);
        resolve(message);
      });
    });
  const { ready } = await next();
  return {
    ready,
    ask(question) {
      const answer = next();
      child.send(question);
      return answer;
    },
    stop: () => new Promise((resolve) => child.once("exit", resolve).disconnect()),
  };
}

const rows = Object.fromEntries(
  names.map((name) => [name, { waits: [], p99s: [], failures: 0, cpu: [], done: 0, peak: 0 }]),
);

async function measure(server, neighbour, name) {
  const row = rows[name];
  const attacker = name === "none" ? undefined : await start("attacker", name, server.ready);
  // The attack is under way before the first request counts.
  await attacker?.ask({ begin: true });
  const before = await server.ask({});
  const { waits, failures } = await neighbour.ask({ seconds: Number(options.seconds) });
  const after = await server.ask({});
  row.done += attacker === undefined ? 0 : (await attacker.ask({ count: true })).count;
  await attacker?.stop();
  row.waits.push(...waits);
  row.p99s.push(quantile(waits, 0.99));
  row.failures += failures;
  row.cpu.push((after.cpu - before.cpu) / (after.at - before.at));
  row.peak = Math.max(row.peak, after.rss);
}

try {
  const server = await start("server", address);
  const neighbour = await start("neighbour", server.ready);
  await neighbour.ask({ seconds: 1 });
  for (let round = 0; round < Number(options.rounds); round++)
    for (const name of names) await measure(server, neighbour, name);
  await neighbour.stop();
  await server.stop();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

const table = names.map((name) => {
  const { waits, p99s, failures, cpu, done, peak } = rows[name];
  return {
    name,
    what: attacks[name].what,
    requests: waits.length,
    median: median(waits),
    p99: quantile(waits, 0.99),
    p99s,
    max: waits.reduce((most, wait) => Math.max(most, wait), 0),
    failures,
    cpu: median(cpu),
    done,
    peakMiB: peak / 2 ** 20,
  };
});

if (options.json) console.log(JSON.stringify(table));
else {
  const ms = (value) => value.toFixed(2);
  console.log(
    `Node ${process.version}, ${options.transport}, ${options.rounds} rounds of ${options.seconds} s for each attack\n`,
  );
  console.log(
    "| attack | median ms | p99 ms | of each round | longest ms | requests | failed | server CPU | attempts |",
  );
  console.log("| --- | --: | --: | --- | --: | --: | --: | --: | --: |");
  for (const row of table) {
    const cells = [row.what, ms(row.median), ms(row.p99), row.p99s.map(ms).join(" · "), ms(row.max)];
    cells.push(row.requests.toLocaleString("en"), row.failures, `${(100 * row.cpu).toFixed(0)} %`);
    cells.push(row.done.toLocaleString("en"));
    console.log(`| ${cells.join(" | ")} |`);
  }
}
