/**
 * Names that belong to a platform or to a clock, and the few files that may use what others may not.
 */

/** The only files that may arm a timer. */
export const clockFiles = ["packages/protocol/src/clock.ts"];
/** Where an `import()` may be computed, since bundlers cannot follow it. */
export const computedImportFile =
  /^packages\/[^/]+\/src\/(?:by-scheme|testing\/node\/conformance-command)\.ts$/;

export const timerGlobals = new Set([
  "setTimeout",
  "setInterval",
  "clearTimeout",
  "clearInterval",
  "AbortSignal.timeout",
]);
export const timerModules = new Set(["timers", "timers/promises"]);
export const platformGlobals = new Set([
  ...[
    "Buffer",
    "process",
    "require",
    "module",
    "global",
    "setImmediate",
    "clearImmediate",
    "__dirname",
    "__filename",
  ],
  ...[
    "window",
    "document",
    "navigator",
    "location",
    "localStorage",
    "sessionStorage",
    "XMLHttpRequest",
    "NodeJS",
  ],
]);
