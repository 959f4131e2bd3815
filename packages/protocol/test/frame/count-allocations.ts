/** Counts the memory that code under test takes: every `new Uint8Array(size)`. */
import { vi } from "vitest";

const Plain = Uint8Array;

/** Runs `task`; returns the sizes that were taken meanwhile, in order. The task sees those so far. */
export function countAllocations(task: (sizes: readonly number[]) => void): readonly number[] {
  const sizes: number[] = [];
  vi.stubGlobal(
    "Uint8Array",
    new Proxy(Plain, {
      construct(target, args: unknown[]) {
        if (typeof args[0] === "number") sizes.push(args[0]);
        return Reflect.construct(target, args) as object;
      },
    }),
  );
  try {
    task(sizes);
  } finally {
    vi.unstubAllGlobals();
  }
  return sizes;
}
