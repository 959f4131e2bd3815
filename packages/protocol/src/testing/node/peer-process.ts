/**
 * A peer under test as a child process that is told what to do by lines of JSON. Spec: docs/conformance-kit.md.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { systemClock } from "../../clock.ts";
import type { PeerCommand } from "../kit/peer-case.ts";
import type { PeerAnswer } from "../kit/run-peer-case.ts";
import type { PeerProgram } from "../kit/run-peer-kit.ts";

/** How long an answer, and the end of the program, may take, ms. */
const patienceMs = 5_000;

interface Asked {
  resolve(answer: PeerAnswer): void;
  reject(reason: Error): void;
}

/** Starts `command`. What it writes to its standard error goes to ours. Rejects if it cannot be started. */
export async function startPeerProgram(command: readonly string[]): Promise<PeerProgram> {
  const [file = "", ...args] = command;
  const child = spawn(file, args, { stdio: ["pipe", "pipe", "inherit"] });
  const asked = new Map<number, Asked>();
  let lastId = 0;
  let isOver = false;
  const ended = new Promise<number | undefined>((resolve) => {
    child.once("close", (code) => {
      isOver = true;
      for (const { reject } of asked.values()) reject(new Error(`The program has ended (${code})`));
      resolve(code ?? undefined);
    });
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
      let wasKilled = false;
      const timer = systemClock.setTimer(patienceMs, () => {
        wasKilled = child.kill("SIGKILL");
      });
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
