/** Leaves behind what its argument names, and prints what `finishesCleanly` finds. */
import { EventEmitter } from "node:events";
import { watch } from "node:fs";
import { createServer } from "node:net";
import { promisify } from "node:util";
import { finishesCleanly, LeakError } from "../../../../src/testing/node/finishes-cleanly.ts";

const emitter = new EventEmitter();
let sessions = 0;

const plants: Record<string, () => unknown> = {
  nothing: () => "done",
  "a timer": () => setTimeout(() => {}, 1e8),
  "a timer that keeps nothing alive": () => setTimeout(() => {}, 1e8).unref(),
  "timers that are over": async () => {
    clearTimeout(setTimeout(() => {}, 1e8));
    clearInterval(setTimeout(() => {}, 1e8));
    clearInterval(setInterval(() => {}, 1e8).unref());
    setTimeout(() => {}, 1e8).close();
    await new Promise((resolve) => setTimeout(resolve, 1));
    await promisify(setTimeout)(1);
  },
  "an interval": () => setInterval(() => {}, 1e8),
  "a server": () => new Promise<void>((resolve) => void createServer().listen(0, "127.0.0.1", resolve)),
  "a watcher": () => watch("."),
  "a listener": () => emitter.on("data", () => {}),
  "a listener of the process": () => process.on("SIGUSR2", () => {}),
  "a counter": () => sessions++,
  "a lost rejection": () => void Promise.reject(new Error("lost")),
  "an uncaught exception": () => {
    process.once("uncaughtException", () => {});
    queueMicrotask(() => {
      throw new Error("uncaught");
    });
  },
  "a warning": () => process.emitWarning("take care"),
  "too many listeners": () => {
    for (let count = 0; count < 11; count++) emitter.on("drain", () => {});
    emitter.removeAllListeners("drain");
  },
};

process.on("unhandledRejection", () => {
  // As a program that survives it.
});
try {
  const result = await finishesCleanly(() => plants[process.argv[2] ?? ""]?.(), {
    emitters: [emitter, process],
    counters: { sessions: () => sessions },
    settleMs: 200,
  });
  process.stdout.write(JSON.stringify({ result }));
} catch (reason) {
  process.stdout.write(
    JSON.stringify({ leaks: reason instanceof LeakError ? reason.leaks : String(reason) }),
  );
}
process.exit(0);
