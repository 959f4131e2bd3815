/**
 * Runs stages, two at once where they allow it, and prints what became of each; the last line is `N passed, N failed`.
 *
 * It goes on after a failure, so that one run shows everything that is wrong. What failed is named once more right before the
 * totals, since logs are often cut at their beginning.
 */

/**
 * @typedef {object} Outcome
 * @property {number} passed
 * @property {number} failed
 * @property {number} [skipped]
 * @property {string} output printed in full if something failed
 * @property {readonly string[]} [failures] what failed, a line each; without it the last lines of `output` tell
 */

/**
 * @typedef {object} Stage
 * @property {string} name
 * @property {boolean} [alone] runs while nothing else does: it measures, or uses both cores itself
 * @property {readonly string[]} [after] stages that end before this one starts, whatever their outcome
 * @property {() => Promise<Outcome>} run
 */

/** @typedef {Outcome & { readonly name: string, readonly seconds: number }} Result */

/**
 * @param {readonly Stage[]} stages started in this order
 * @param {(text: string) => void} print one or more lines
 * @returns {Promise<boolean>} whether everything passed
 */
export async function runStages(stages, print) {
  const startedAt = performance.now();
  /** @type {Result[]} */
  const results = [];
  let waiting = [...stages];
  /** @type {Map<Stage, Promise<void>>} */
  const running = new Map();

  /** @param {Stage} stage @returns {boolean} */
  const mayStart = ({ alone, after = [] }) => {
    const unfinished = [...waiting, ...running.keys()].map(({ name }) => name);
    const isFree = alone
      ? running.size === 0
      : running.size < 2 && ![...running.keys()].some((other) => other.alone);
    return isFree && !after.some((name) => unfinished.includes(name));
  };
  /** @param {Stage} stage */
  const start = async (stage) => {
    const result = await resultOf(stage);
    running.delete(stage);
    results.push(result);
    print(describe(result));
  };
  while (waiting.length + running.size > 0) {
    for (const stage of waiting) {
      if (!mayStart(stage)) {
        if (stage.alone) break; // nothing overtakes it, or it would wait until the end
        continue;
      }
      waiting = waiting.filter((other) => other !== stage);
      running.set(stage, start(stage));
    }
    if (running.size === 0)
      throw new Error(`No stage can start: ${waiting.map(({ name }) => name).join(", ")}`);
    await Promise.race(running.values());
  }

  const inOrder = stages.flatMap(({ name }) => results.filter((result) => result.name === name));
  print("");
  print(summary(inOrder));
  for (const line of inOrder.flatMap(failuresOf)) print(line);
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const failed = results.reduce((sum, result) => sum + result.failed, 0);
  print(`${seconds(startedAt).toFixed(1)} s`);
  print(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0;
}

/** @param {number} startedAt @returns {number} */
function seconds(startedAt) {
  return (performance.now() - startedAt) / 1000;
}

/** @param {Stage} stage @returns {Promise<Result>} a stage that throws, or that checked nothing, has failed once */
async function resultOf({ name, run }) {
  const startedAt = performance.now();
  /** @type {Outcome} */
  let outcome;
  try {
    outcome = await run();
    if (outcome.passed + outcome.failed === 0) {
      outcome = { ...outcome, failed: 1, output: `${outcome.output}\n${name} checked nothing\n` };
    }
  } catch (error) {
    outcome = { passed: 0, failed: 1, output: error instanceof Error ? `${error.stack}\n` : `${error}\n` };
  }
  return { name, ...outcome, seconds: seconds(startedAt) };
}

/** @param {Result} result @returns {string} one line, and everything the stage said if it failed */
function describe({ name, passed, failed, skipped = 0, output, seconds: time }) {
  const counts = [`${passed} passed`, failed > 0 && `${failed} failed`, skipped > 0 && `${skipped} skipped`];
  const line = `${failed > 0 ? "FAILED" : "ok"} ${name} ${time.toFixed(1)} s (${counts.filter(Boolean).join(", ")})`;
  return failed > 0 ? `${line}\n${output.trimEnd()}\n` : line;
}

/** Lines of output that tell of a failure which nothing names. */
const toldLines = 8;

/** @param {Result} result @returns {string[]} `failed in STAGE: …` for each failure, or for each of the last lines of a script */
function failuresOf({ name, failed, output, failures = [] }) {
  if (failed === 0) return [];
  const lines = output
    .split("\n")
    .filter((line) => line.trim() !== "" && !/^\d+ passed, \d+ failed$/.test(line));
  const told = failures.length > 0 ? failures : lines.slice(-toldLines);
  return (told.length > 0 ? told : ["it said nothing"]).map((line) => `failed in ${name}: ${line.trim()}`);
}

/** @param {readonly Result[]} results @returns {string} */
function summary(results) {
  const width = Math.max(5, ...results.map(({ name }) => name.length));
  /** @type {(cells: readonly (string | number)[]) => string} */
  const row = ([name, ...cells]) =>
    `${String(name).padEnd(width)}${cells.map((cell) => String(cell).padStart(9)).join("")}`;
  const rows = results.map(({ name, passed, failed, skipped = 0, seconds: time }) =>
    row([name, passed, failed, skipped, time.toFixed(1)]),
  );
  return [row(["stage", "passed", "failed", "skipped", "seconds"]), ...rows].join("\n");
}
