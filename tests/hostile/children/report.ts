/** What a child that is attacked tells about itself: memory after its garbage was collected, and what it did not catch. */

export interface Memory {
  readonly rss: number;
  /** Heap and everything that hangs on it, bytes. */
  readonly held: number;
}

const uncaught: string[] = [];
process.on("uncaughtException", (error) => void uncaught.push(`uncaught: ${error.stack ?? error.message}`));
process.on("unhandledRejection", (reason) => void uncaught.push(`unhandled: ${String(reason)}`));
process.on("warning", (warning) => void uncaught.push(`warning: ${warning.message}`));

/** A port that is closed lets go of what was posted to it some turns later. */
const turnsToRest = 10;

/** Objects that every other one inherits from, and the names that they had at first. */
const roots = [Object.prototype, Array.prototype, Function.prototype].map(
  (root) => [root, Object.getOwnPropertyNames(root).join()] as const,
);

/** Everything that was thrown where nobody caught it, every warning, and whether what all objects share was changed. */
export function troubles(): readonly string[] {
  const changed = roots.filter(([root, names]) => Object.getOwnPropertyNames(root).join() !== names);
  return [...uncaught, ...changed.map(([root]) => `changed: ${root.constructor.name}.prototype`)];
}

/** As {@link memoryNow}, once what is closing has closed: the least that is seen in some turns of the event loop. */
export async function memoryAtRest(): Promise<Memory> {
  let least = memoryNow();
  for (let turn = 0; turn < turnsToRest; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    const now = memoryNow();
    if (now.held < least.held) least = now;
  }
  return least;
}

/** Memory now, after two collections unless `asIs`. Needs `--expose-gc`. */
export function memoryNow({ asIs = false }: { readonly asIs?: boolean } = {}): Memory {
  const { gc } = globalThis as { gc?: () => void };
  for (let round = 0; round < 2 && !asIs; round++) gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, held: heapUsed + external };
}
