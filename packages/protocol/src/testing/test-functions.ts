/**
 * The part of a test runner that suites use: `describe` and `it` of vitest, jest, mocha, node:test, bun:test, Deno…
 *
 * Runners that take no time for a test pass over the third argument.
 */

/** What every such runner has. */
export interface TestFunctions {
  describe(name: string, body: () => void): unknown;
  readonly it: ((name: string, body: () => Promise<void>, timeoutMs: number) => unknown) & {
    skip(name: string, body: () => Promise<void>): unknown;
  };
}
