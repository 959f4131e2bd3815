/**
 * The test projects unit, types, recipes, house and e2e, and `long`; all run on sources, so that no build is needed.
 *
 * `scripts/test.mjs` runs the first five by name, `npm run test:long` the last, which takes minutes. Files run in two processes at
 * once. But for those of long they share them with other files, and what they import with it, which saves a sixth of the time: a file
 * leaves nothing behind. Processes and threads that tests of unit, e2e and long start run programs that are built once, since a loader of
 * TypeScript costs each of them a second. End-to-end files run one by one unless `--fileParallelism` asks for two: scripts/test/e2e-files.mjs says
 * which of them may.
 */
import { defineConfig } from "vitest/config";
import { SlowFirst } from "./scripts/test/slow-first.ts";

const conditions = ["@sluice/source", "module", "node", "development|production"];
/** What is polled comes soon; this is for machines that are very busy. */
const expect = { poll: { timeout: 10_000 } };
const fromSources = { resolve: { conditions }, ssr: { resolve: { conditions } } };

export default defineConfig({
  test: {
    sequence: { sequencer: SlowFirst },
    projects: [
      {
        ...fromSources,
        test: {
          name: "unit",
          expect,
          isolate: false,
          include: ["packages/*/test/**/*.test.ts"],
          exclude: ["**/*.long.test.ts", "**/node_modules/**"],
          globalSetup: "scripts/test/build-children.mjs",
          setupFiles: "scripts/test/count-timers.ts",
          pool: "forks",
          maxWorkers: 2,
          // Most take milliseconds, those that wait in vain 15 s; this is for machines that are very busy.
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        ...fromSources,
        test: {
          name: "types",
          include: [],
          typecheck: {
            enabled: true,
            only: true,
            include: ["packages/*/test/**/*.test-d.ts"],
            tsconfig: "./tsconfig.types.json",
          },
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...fromSources,
        test: {
          name: "recipes",
          expect,
          isolate: false,
          include: ["recipes/*/recipe.test.ts", "recipes/**/test/**/*.test.ts"],
          pool: "forks",
          maxWorkers: 2,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        ...fromSources,
        test: {
          name: "house",
          expect,
          isolate: false,
          include: ["tests/house/**/*.test.ts"],
          pool: "forks",
          maxWorkers: 2,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 3 },
        },
      },
      {
        ...fromSources,
        test: {
          name: "e2e",
          expect,
          isolate: false,
          include: ["tests/**/*.test.ts"],
          exclude: ["tests/house/**", "tests/long/**", "**/node_modules/**"],
          globalSetup: "scripts/test/build-children.mjs",
          setupFiles: "scripts/test/count-timers.ts",
          pool: "forks",
          maxWorkers: 2,
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 4 },
        },
      },
      {
        ...fromSources,
        test: {
          name: "long",
          expect,
          include: ["tests/long/**/*.test.ts", "packages/*/test/**/*.long.test.ts"],
          globalSetup: "scripts/test/build-children.mjs",
          pool: "forks",
          maxWorkers: 1,
          testTimeout: 120_000,
          sequence: { groupOrder: 5 },
        },
      },
    ],
  },
});
