/** followFile against a process that writes and rotates at random: every line once, and in order. */
import { fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import { watchHints } from "../src/file-hints.ts";
import { followFile } from "../src/follow-file.ts";

/** Some lines, then a rotation. */
interface RotationStep {
  readonly lines: number;
  /** Every line is written in two halves, the first of so many bytes. */
  readonly cutAt?: number | undefined;
  readonly rotation:
    | { readonly kind: "copy-truncate"; readonly target: "same name" | "next name" }
    | {
        readonly kind: "rename";
        readonly target: "same name" | "next name";
        readonly isDeleted: boolean;
        /** Lines that still go to the old file: before there is a new one, and after. */
        readonly linesBefore: number;
        readonly linesAfter: number;
        /** The old file's last line gets no newline. */
        readonly isLastOpen: boolean;
      };
}

type Report =
  | { readonly askFor: "copy-truncate" | "rename"; readonly first: number }
  | { readonly isReopened: true };

const target = fc.constantFrom("same name" as const, "next name" as const);
const step: fc.Arbitrary<RotationStep> = fc.record({
  lines: fc.integer({ min: 1, max: 60 }),
  cutAt: fc.option(fc.integer({ min: 0, max: 30 }), { nil: undefined }),
  rotation: fc.oneof(
    fc.record({ kind: fc.constant("copy-truncate" as const), target }),
    fc.record({
      kind: fc.constant("rename" as const),
      target,
      isDeleted: fc.boolean(),
      linesBefore: fc.nat(5),
      linesAfter: fc.nat(5),
      isLastOpen: fc.boolean(),
    }),
  ),
});

/** The numbers of the lines that a follower gets while the writer goes through `steps`. */
async function follow(steps: readonly RotationStep[]): Promise<number[]> {
  const directory = await mkdtemp(join(tmpdir(), "follow-file-"));
  const path = join(directory, "app.log");
  const stop = new AbortController();
  const numbers: number[] = [];
  // Time stands still while the writer turns from one file to the next: it is never too slow for the follower.
  let stoppedMs: number | undefined;
  const hints = { ...watchHints(path, 5), now: () => stoppedMs ?? performance.now() };
  let question: Extract<Report, { askFor: string }> | undefined;
  const answer = () => {
    if (question === undefined || (numbers.at(-1) ?? 0) < question.first) return;
    if (question.askFor === "rename") stoppedMs = performance.now();
    question = undefined;
    writer.send("go");
  };
  const writer = fork(fileURLToPath(new URL("log-writer.mjs", import.meta.url)), [
    directory,
    JSON.stringify(steps),
  ]);
  writer.on("message", (report: Report) => {
    if ("isReopened" in report) stoppedMs = undefined;
    else question = report;
    answer();
  });
  try {
    for await (const line of followFile(path, { signal: stop.signal, from: "start", pollMs: 5, hints })) {
      if (line === "end") break;
      numbers.push(Number(/^🔍(\d+) häß→*$/.exec(line)?.[1]));
      answer();
    }
    return numbers;
  } finally {
    writer.kill("SIGKILL");
    await rm(directory, { recursive: true });
  }
}

test("followFile gives every line once and in order through rotations of both kinds", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
      const numbers = await follow(steps);
      expect(numbers).toEqual(numbers.map((_, i) => i + 1));
      const written = steps.map(({ lines, rotation }) =>
        rotation.kind === "rename"
          ? lines + rotation.linesBefore + rotation.linesAfter + Number(rotation.isLastOpen)
          : lines,
      );
      expect(numbers).toHaveLength(written.reduce((sum, lines) => sum + lines, 0));
    }),
    { numRuns: 20, timeout: 20_000 },
  );
}, 60_000);
