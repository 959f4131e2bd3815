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

/** Everything that was thrown where nobody caught it, and every warning. */
export function troubles(): readonly string[] {
  return uncaught;
}

/** Memory now, after two collections. Needs `--expose-gc`. */
export function memoryNow(): Memory {
  const { gc } = globalThis as { gc?: () => void };
  gc?.();
  gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, held: heapUsed + external };
}
