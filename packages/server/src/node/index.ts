/** The door `@sluice/server/node`: what a server needs of the process that it runs in. */
export { type Drainable, type DrainOnSignalsOptions, drainOnSignals } from "./drain-on-signals.ts";
