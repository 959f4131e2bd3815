/** Writes the sections of docs/long-run.md, each from the figures of a run. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

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

/** When and on what a run was made. */
function runOn(): string {
  return `Run on ${new Date().toISOString().slice(0, 10)} with Node ${process.versions.node}`;
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
