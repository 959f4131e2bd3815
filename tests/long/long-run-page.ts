/** Writes docs/long-run.md from the figures of a run. */
import { writeFileSync } from "node:fs";
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

const page = fileURLToPath(new URL("../../docs/long-run.md", import.meta.url));

function kib(bytes: number): string {
  return Math.round(bytes / 1_024).toLocaleString("en-US");
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

export function writeLongRunPage(seconds: number, figures: readonly Figures[]): void {
  writeFileSync(
    page,
    `# A reader that stops for ${seconds} seconds

\`npm run test:long\` writes this page. A server and a client, each in a process of its own, write items of 1,000 bytes to each
other as fast as they may; each reads one item and no more. Once both writers stand still, both processes are looked at once a
second, after garbage collection, for ${seconds} seconds. The test fails if a writer gets on by a single item, if what is held
differs by 1 MiB or more, or if resident memory grows by 16 MiB or more.

Node ${process.versions.node}:

| link | process | items accepted, at first | after ${seconds} s | held, KiB | resident, KiB |
| --- | --- | --: | --: | --: | --: |
${figures.map(lineOf).join("\n")}
`,
  );
}
