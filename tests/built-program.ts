/** Where the JavaScript of a program is that tests start in a process of its own: it runs without a loader, which would cost each process half a second. */
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { inject } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    /** The folder that `scripts/test/build-children.mjs` has built into. */
    programs: string;
  }
}

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * @param source the program in a folder called `children`: `.ts`
 * @returns what Node runs, the same but for its types
 */
export function builtProgram(source: URL): URL {
  const path = relative(root, fileURLToPath(source)).replace(/\.ts$/, ".mjs");
  return pathToFileURL(join(inject("programs"), path));
}
