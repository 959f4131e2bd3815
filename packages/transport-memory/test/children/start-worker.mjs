/** Runs the worker of these tests from sources: Node takes hooks for TypeScript into a thread only from inside of it. */
import { register } from "tsx/esm/api";

register();
await import("./serving-worker.ts");
