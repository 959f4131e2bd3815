/** Writes the sections of docs/long-run.md, each from the figures of a run. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Inventory } from "../soak/inventory.ts";
import type { SoakResult } from "../soak/run-soak.ts";
import type { Slope } from "../soak/slope.ts";

/** What one process showed while its peer did not read. */
export interface Figures {
  readonly link: string;
  readonly end: string;
  /** Items whose write was accepted, when it stood still and at the end of the run. */
  readonly accepted: readonly [atFirst: number, atLast: number];
  /** Bytes held after garbage collection: least and most of all samples. */
  readonly held: readonly [least: number, most: number];
  /** Resident memory, bytes: least and most of all samples. */
  readonly rss: readonly [least: number, most: number];
}

/** One fault at full length: what had to be seen, and what was. */
export interface FaultRow {
  readonly ids: string;
  readonly fault: string;
  readonly wanted: string;
  readonly seen: string;
}

const page = fileURLToPath(new URL("../../docs/long-run.md", import.meta.url));

function kib(bytes: number): string {
  return Math.round(bytes / 1_024).toLocaleString("en-US");
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const source: { runOn(root: string): string } = await import(
  new URL("../../scripts/source/run-on.mjs", import.meta.url).href
);

/** When and on what a run was made. */
function runOn(): string {
  return source.runOn(root);
}

/** One line of the table. */
export function lineOf({ link, end, accepted, held, rss }: Figures): string {
  const cells = [
    link,
    end,
    accepted[0],
    accepted[1],
    `${kib(held[0])}–${kib(held[1])}`,
    `${kib(rss[0])}–${kib(rss[1])}`,
  ];
  return `| ${cells.join(" | ")} |`;
}

/** Puts `text` under `title`, in the place of what an earlier run has put there. */
function writeSection(title: string, text: string): void {
  const [head = "", ...sections] = readFileSync(page, "utf8").split(/^(?=## )/m);
  const section = `## ${title}\n\n${text}`;
  const at = sections.findIndex((one) => one.startsWith(`## ${title}\n`));
  if (at < 0) sections.push(section);
  else sections[at] = section;
  const parts = [head, ...sections].map((part) => part.trim());
  writeFileSync(page, `${parts.join("\n\n")}\n`);
}

export function writeStalledReader(seconds: number, figures: readonly Figures[]): void {
  writeSection(
    `A reader that stops for ${seconds} seconds`,
    `A server and a client, each in a process of its own, write items of 1,000 bytes to each other as fast as they may; each reads one
item and no more. Once both writers stand still, both processes are looked at once a second, after garbage collection, for ${seconds}
seconds. The test fails if a writer gets on by a single item, if what is held differs by 1 MiB or more, or if resident memory grows by
16 MiB or more.

${runOn()}:

| link | process | items accepted, at first | after ${seconds} s | held, KiB | resident, KiB |
| --- | --- | --: | --: | --: | --: |
${figures.map(lineOf).join("\n")}`,
  );
}

/** @param links over which all came as it was sent */
export function writeBulk(links: readonly string[]): void {
  writeSection(
    "Bulk both ways",
    `CH-5 with 100 MiB: a channel's caller and its handler write 1,600 chunks of 64 KiB each at the same time, no two alike, and compare what they sent with
what the other got by SHA-256. With every test 16 MiB do the same.

${runOn()}, over ${links.length} links: ${links.join(" · ")}.`,
  );
}

/** @param seconds how long the run took */
export function writeFaults(title: string, about: string, seconds: number, rows: readonly FaultRow[]): void {
  writeSection(
    title,
    `${about}

${runOn()}, in ${Math.round(seconds)} s, up to five at once:

| cases | fault | what has to be | what was seen |
| --- | --- | --- | --- |
${rows.map(({ ids, fault, wanted, seen }) => `| ${ids} | ${fault} | ${wanted} | ${seen} |`).join("\n")}`,
  );
}

/** What one model has run, and seen. */
export interface ModelRow {
  readonly model: string;
  readonly runs: number;
  readonly seeds: string;
  readonly seen: string;
}

/** @param seconds how long the runs took */
export function writeModels(seconds: number, rows: readonly ModelRow[]): void {
  writeSection(
    "Models",
    `Clients and servers in one process, on a fake clock and a network in memory, where a seed decides what happens next ([tests/models](../tests/models)). After
each step nothing may be lost, doubled, out of order or beyond a window, and no call may have failed for which nothing gave a reason; at the end everything heals, all calls have ended, most of them well, and nothing is left. A run that fails prints its
seed, and fast-check's path in it. Who mends what it has found writes both into [known-seeds.json](../tests/models/known-seeds.json), whose runs come first in every \`npm test\`.
\`SLUICE_MODEL_SEED\`, the first seed of the interleavings, repeats all of a run.

${runOn()}, in ${Math.round(seconds)} s:

| model | runs | seeds | what was seen |
| --- | --: | --- | --- |
${rows.map(({ model, runs, seeds, seen }) => `| ${model} | ${runs.toLocaleString("en-US")} | ${seeds} | ${seen} |`).join("\n")}`,
  );
}

/** A soak, and how long it took. */
export interface SoakRun extends Pick<SoakResult, "counts" | "faults" | "restarts"> {
  readonly minutes: number;
  readonly connections: number;
  readonly seed: number;
}

/** What a process of a soak held before, after and meanwhile. */
export interface SoakFigures {
  readonly name: string;
  readonly start: Inventory;
  readonly end: Inventory;
  /** Absent for a process that was started anew meanwhile. */
  readonly growth: SoakGrowth | undefined;
}

/** What became of a process's memory. */
export interface SoakGrowth {
  /** Bytes of heap: at the end less at minute 2, both with all clients connected and no call. */
  readonly retained: number;
  /** Bytes a minute, of what is held in the rests. */
  readonly slope: Slope;
  /** Bytes of resident memory: most. */
  readonly mostResident: number;
}

function count(number: number): string {
  return number.toLocaleString("en-US");
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** As the head of the table says. */
function heldText({ openCalls, connections, sessions, timers, ...rest }: Inventory): string {
  const { resources, listeners, descriptors } = rest;
  const handles = sum(Object.values(resources));
  return [openCalls, connections, sessions, timers, handles, listeners, descriptors].join(" · ");
}

function growthCells(growth: SoakGrowth | undefined): readonly string[] {
  if (growth === undefined) return ["–", "–", "–"];
  const { retained, slope, mostResident } = growth;
  const [low, high] = slope.interval;
  return [kib(retained), `${kib(slope.slope)} (${kib(low)} to ${kib(high)})`, kib(mostResident)];
}

export function writeSoak(run: SoakRun, figures: readonly SoakFigures[]): void {
  const { minutes, connections, seed, counts, faults, restarts } = run;
  const kinds = Object.entries(faults).sort(([one], [two]) => (one < two ? -1 : 1));
  writeSection(
    "Everything fails all the time",
    `${connections} clients, all but 20 of them in one process, call two servers over Unix sockets, TCP, TLS, WebSockets and HTTP, all through proxies: requests that must run once, streams and channels
whose items are numbered, streams that are left. Every 200 ms, but in rests, a fault is drawn, and made where there is something to make it on: on a connection, on all ways of a kind (\`down\`, up to 3 s) or on a process (\`SIGSTOP\`, up to 8 s, while a link is given up after 6); every 30 s one of the servers is killed, or the next time drained, and
started anew; every minute the 20 clients in the other process are killed by \`kill -9\` in the midst of what they do, and others come. Half of the clients know only the server
that stays: none of their calls may fail, and no request may run twice, whichever processes run it. Bytes are changed under TLS only, since without it nobody can know. Before and after, nothing is connected: calls, connections, sessions (with a link or without; of the clients: those that memory still holds), timers (all that are set, whether they keep
the process alive or not), active resources, listeners of the process and descriptors have to be the same. From minute 2 on (in a run of less than 5, from two fifths of it) faults and calls rest for
a moment every minute and at the end, with all clients connected, and the heap is measured after two garbage collections: the test fails if a process holds 1 MiB more at the end than in the first rest. The slope is Theil–Sen's through these rests, with
the interval in which 95 of 100 lie of series that were drawn from this one. It is shown and not judged, since ten minutes cannot tell a slope of 1 KiB a minute, which is the goal for eight hours, from none; nor is the heap judged before and after,
which begins with a program that has served 20 clients for 2 seconds. What grows was looked at once, in another run on 2026-11-22: between heap snapshots of the server's minutes 2 and 10 lay 679 kB,
503 of them compiled code and its feedback, 140 lists of V8's own, 36 other. The clients were not looked at in that way. Of the server that is started anew, "after" is the last process of that name.
\`SLUICE_SOAK_MINUTES\` says how long, \`SLUICE_SOAK_SEED\` which faults.

${runOn()}, for ${minutes} min, seed ${seed}: ${count(counts.calls)} calls with ${count(counts.messages)} messages came whole, in order and once; ${count(counts.lost)} calls failed with the
server that was started anew (${restarts} times), ${count(counts.refused)} more were refused and have run nowhere, and none else failed. ${count(sum(kinds.map(([, times]) => times)))} faults: ${kinds.map(([kind, times]) => `${kind} ${times}`).join(", ")}.

| process | before: calls · connections · sessions · timers · resources · listeners · descriptors | after | heap, KiB: before | after | at the last rest, less at the first | slope, KiB/min | most resident, KiB |
| --- | --- | --- | --: | --: | --: | --: | --: |
${figures
  .map(({ name, start, end, growth }) => {
    const cells = [
      name,
      heldText(start),
      heldText(end),
      kib(start.heapUsed),
      kib(end.heapUsed),
      ...growthCells(growth),
    ];
    return `| ${cells.join(" | ")} |`;
  })
  .join("\n")}`,
  );
}
