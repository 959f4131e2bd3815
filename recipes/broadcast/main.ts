/**
 * A film for nine fast viewers and a slow one: server and viewers in one process, which ends by itself.
 *
 * `SLUICE_DEMO_SPEED` divides all times, `SLUICE_DEMO_FRAMES` is how long the film is.
 */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate, setTimeout } from "node:timers/promises";
import { film, server, stopFilming, viewers } from "./server.ts";
import { Viewer } from "./viewer.ts";

const speed = Number(process.env.SLUICE_DEMO_SPEED ?? 1);
const frames = Number(process.env.SLUICE_DEMO_FRAMES ?? 600);
const url = `unix:${join(tmpdir(), `broadcast-${process.pid}.sock`)}`;
await server.listen(url);

const fast = Array.from({ length: 9 }, () => new Viewer());
const slow = new Viewer();
const watching = [
  ...fast.map((viewer) => viewer.watch(url, "recording", 0)),
  slow.watch(url, "live", 300 / speed), // looks at each frame for a third of a second
];
while (viewers() < watching.length) await setImmediate();

let firstRss: number | undefined;

/** What they have seen of the first `filmed` frames, and what memory the process has taken since the first line. */
function show(filmed: number): void {
  const fewest = Math.min(...fast.map(({ seen }) => seen));
  const rss = process.memoryUsage.rss();
  firstRss ??= rss;
  const grown = Math.round((rss - firstRss) / 1024 / 1024);
  console.log(
    `fast: ${fewest}/${filmed}  slow(latest): ${slow.seen}/${filmed}  rss ${grown < 0 ? "" : "+"}${grown} MB`,
  );
}

for (let number = 1; number <= frames; number++) {
  await film(number);
  await setTimeout(1_000 / 60 / speed);
  if (number % 100 === 0) show(number);
}
stopFilming();
await Promise.all(watching);
show(frames);
console.log(`The last frame of the slow viewer: ${slow.newest}`);

await server.dispose();
