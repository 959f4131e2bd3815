/**
 * The same slow reader over memory, a Unix socket and TCP, one after the other; server and client are in this process.
 *
 * Takes an item a second, six over each; with `--enter` an item for every line that comes on the standard input.
 */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { readSlowly } from "./client.ts";
import { makeServer } from "./server.ts";

const items = 6;
const keyboard = process.argv.includes("--enter") ? createInterface(process.stdin) : undefined;
const lines = keyboard?.[Symbol.asyncIterator]();

/** The most memory that this process has had until now, MB. */
const peak = () => process.resourceUsage().maxRSS / 1_000;

const server = makeServer();
const unix = `unix:${join(tmpdir(), `backpressure-${process.pid}.sock`)}`;
const addresses = await server.listen("memory:backpressure", unix, "tcp://127.0.0.1:0");

for (const address of addresses) {
  const [transport = ""] = address.split(":");
  const peakBefore = peak();
  const { produced, consumed, stats } = await readSlowly(address, items, async (look) => {
    await (lines === undefined ? setTimeout(1_000) : lines.next());
    const now = await look();
    if (now.consumed < items) console.log(`${transport}: produced ${now.produced} consumed ${now.consumed}`);
  });
  const growth = (peak() - peakBefore).toFixed(1);
  console.log(`${transport}: produced ${produced} consumed ${consumed} rss +${growth} MB`, stats);
}
keyboard?.close();
await server.dispose();
