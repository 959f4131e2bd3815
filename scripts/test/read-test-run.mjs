/**
 * What the end of the test command's output says: the counts, and the names of what failed.
 */

const namedFailure = /^failed in ([\w-]+): (.*)$/;
const mostCharacters = 200;

/**
 * @param {import("./run-command.mjs").Ended} ended
 * @returns {{ passed: number, failed: number, failures: string[] }} a run without counts, or whose status they do not explain, has
 *   failed once more. `failures`: `file > test: message` for tests, `stage: what it said` for others
 */
export function readTestRun({ status, output }) {
  const counts = /(?:^|\n)(\d+) passed, (\d+) failed\s*$/.exec(output);
  const failures = output.split("\n").flatMap((line) => {
    const [, stage, told = ""] = namedFailure.exec(line.trimEnd()) ?? [];
    if (stage === undefined) return [];
    return [(/^\S+\.test(?:-d)?\.ts\b/.test(told) ? told : `${stage}: ${told}`).slice(0, mostCharacters)];
  });
  const [passed, failed] = [Number(counts?.[1] ?? 0), Number(counts?.[2] ?? 0)];
  if (counts !== null && (status === 0) === (failed === 0)) return { passed, failed, failures };
  const problem = counts === null ? "no counts" : `status ${status}, which its counts do not explain`;
  return { passed, failed: failed + 1, failures: [...failures, problem] };
}
