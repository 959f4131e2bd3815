/**
 * A peer under test as a child process that is told what to do by lines of JSON. Spec: docs/conformance-kit.md.
 */
import { once } from "node:events";
import { createInterface } from "node:readline";
import { systemClock } from "../../clock.ts";
import type { PeerCommand } from "../kit/peer-case.ts";
import type { PeerAnswer } from "../kit/run-peer-case.ts";
import type { PeerProgram } from "../kit/run-peer-kit.ts";
import { killGroup, startGroup } from "./peer-process-group.ts";

export interface PeerProgramOptions {
  /** How long an answer, and the end of the program, may take, ms. Default 5,000. */
  readonly patienceMs?: number;
}

/** How long after the end of the program its output may stay open, ms: until then what it said last is read. */
const graceMs = 500;

interface Asked {
  resolve(answer: PeerAnswer): void;
  reject(reason: Error): void;
}

/**
 * Starts `command`. What it writes to its standard error goes to ours. Rejects if it cannot be started.
 *
 * It is stopped with all that it has started. What is left of it is killed if it hangs, or holds its output open after its end, and when our
 * own process ends.
 */
export async function startPeerProgram(
  command: readonly string[],
  { patienceMs = 5_000 }: PeerProgramOptions = {},
): Promise<PeerProgram> {
  const child = startGroup(command);
  const asked = new Map<number, Asked>();
  let lastId = 0;
  let isOver = false;
  let wasKilled = false;
  const kill = (): void => {
    wasKilled = true;
    killGroup(child);
  };
  const ended = new Promise<number | undefined>((resolve) => {
    child.once("close", (code) => {
      isOver = true;
      for (const { reject } of asked.values()) reject(new Error(`The program has ended (${code})`));
      resolve(code ?? undefined);
    });
  });
  child.once("exit", () => {
    const timer = systemClock.setTimer(graceMs, () => {
      kill();
      // Who has left the group may hold it still.
      child.stdout.destroy();
    });
    child.once("close", () => timer.cancel());
  });
  await once(child, "spawn");
  child.stdin.on("error", () => {
    // 'close' follows.
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    const answer = readAnswer(line);
    if (answer === undefined) return void process.stderr.write(`${line}\n`);
    asked.get(answer.id)?.resolve(answer);
    asked.delete(answer.id);
  });
  return {
    ask(told: PeerCommand) {
      if (isOver) return Promise.reject(new Error("The program has ended"));
      const id = ++lastId;
      return new Promise<PeerAnswer>((resolve, reject) => {
        const timer = systemClock.setTimer(patienceMs, () => {
          asked.delete(id);
          reject(new Error(`No answer to ${told.do} within ${patienceMs} ms`));
        });
        const settled =
          <Value>(settle: (value: Value) => void) =>
          (value: Value) => {
            timer.cancel();
            settle(value);
          };
        asked.set(id, { resolve: settled(resolve), reject: settled(reject) });
        child.stdin.write(`${JSON.stringify({ id, ...told })}\n`);
      });
    },
    async stop() {
      child.stdin.end();
      const timer = systemClock.setTimer(patienceMs, kill);
      const code = await ended;
      timer.cancel();
      return !wasKilled && code === 0;
    },
  };
}

/** What is no answer is the program's own talk. */
function readAnswer(line: string): (PeerAnswer & { readonly id: number }) | undefined {
  try {
    const answer: unknown = JSON.parse(line);
    const isAnswer = typeof answer === "object" && answer !== null && "id" in answer;
    return isAnswer && typeof answer.id === "number" ? (answer as PeerAnswer & { id: number }) : undefined;
  } catch {
    return undefined; // no JSON
  }
}
