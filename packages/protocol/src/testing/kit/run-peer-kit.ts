/**
 * Runs every case for peers in any language against a program, and reports each.
 *
 * How programs are started and how bytes get to them is the caller's: `./testing/node` has it for child processes and sockets.
 */
import { systemClock } from "../../clock.ts";
import type { RawPeer } from "../raw/raw-peer.ts";
import { within } from "../suite/expect.ts";
import type { CaseReport, KitReport } from "./case-report.ts";
import { transcriptProblems } from "./check-transcript.ts";
import { FrameInbox } from "./frame-inbox.ts";
import type { PeerCase, PeerCommand } from "./peer-case.ts";
import { acceptorCases } from "./peer-cases/acceptor-cases.ts";
import { callerCases } from "./peer-cases/caller-cases.ts";
import { callerItemCases } from "./peer-cases/caller-item-cases.ts";
import { itemCases } from "./peer-cases/item-cases.ts";
import { requestCases } from "./peer-cases/request-cases.ts";
import { type PeerAnswer, PeerCaseRun } from "./run-peer-case.ts";

/** The program of a peer under test, which runs. */
export interface PeerProgram {
  /** Sends a command and awaits its answer. Rejects when the program ends, or does not answer. */
  ask(command: PeerCommand): Promise<PeerAnswer>;
  /** Ends it: whether it did so by itself, and without complaint. A second time it only says so again. */
  stop(): Promise<boolean>;
}

/** How our raw end and a peer reach each other. */
export interface RawNetwork {
  connect(address: string): Promise<RawPeer>;
  /** Waits for one connection after the other. */
  listen(): Promise<{
    readonly address: string;
    accept(): Promise<RawPeer>;
    close(): Promise<void>;
  }>;
  /** What bytes came that were no frames, since it was last asked. */
  takeTroubles(): readonly string[];
}

export interface PeerKitOptions {
  /** Starts the program: at the beginning, and again when a case has ended it, or could not begin. */
  start(): Promise<PeerProgram>;
  readonly network: RawNetwork;
  /** Only cases for which this holds are run and reported. Default: all. */
  readonly only?: (one: Pick<PeerCase, "id" | "title">) => boolean;
  /** Told of each case as soon as it is over. */
  readonly onCase?: (report: CaseReport) => void;
}

/** Every case, in the order in which they run. */
export const peerCases: readonly PeerCase[] = [
  ...acceptorCases,
  ...requestCases,
  ...itemCases,
  ...callerCases,
  ...callerItemCases,
];

/** How long a connection, and the end of one, may take, ms. */
const patienceMs = 3_000;

interface Described {
  readonly name: string;
  readonly roles: readonly string[];
}

/** The program's own end, which is reported behind all cases. */
export const lastPeerCase: Pick<PeerCase, "id" | "title"> = {
  id: "LF-4",
  title: "the program ends when its input does",
};

/**
 * Runs every case, one after the other. Rejects if the program cannot be started, or does not say what it is.
 *
 * Each program that was started is stopped, whatever happens.
 */
export async function runPeerKit(options: PeerKitOptions): Promise<KitReport> {
  const { start, network, only = () => true, onCase } = options;
  const cases: CaseReport[] = [];
  const note = (report: CaseReport): void => {
    cases.push(report);
    onCase?.(report);
  };
  let program = await start();
  let subject: string;
  let stoppedAt: number;
  let isEnded: boolean;
  try {
    const { name, roles } = readDescription(await program.ask({ do: "describe" }));
    subject = name;
    for (const one of peerCases.filter(only)) {
      const { id, title, role } = one;
      if (!roles.includes(role)) {
        const message = `the peer is no ${role}`;
        note({ id, title, outcome: "not applicable", close: "clean", ms: 0, message });
        continue;
      }
      const { report, hasBegun } = await runCase(one, program, network);
      note(report);
      // One that could not be reached may listen, or connect, still.
      if (hasBegun && report.close === "clean") continue;
      await program.stop();
      program = await start();
    }
  } finally {
    stoppedAt = systemClock.now();
    isEnded = await program.stop();
  }
  if (only(lastPeerCase)) {
    const outcome = isEnded ? "ok" : "failed";
    const ms = systemClock.now() - stoppedAt;
    const message = isEnded ? {} : { message: "it had to be killed, or failed" };
    note({ ...lastPeerCase, outcome, close: "clean", ms, ...message });
  }
  return { subject, cases };
}

function readDescription(answer: PeerAnswer): Described {
  const { name, roles } = answer;
  if (typeof name === "string" && Array.isArray(roles)) return { name, roles };
  throw new TypeError(`Cannot use the program: its answer to describe is ${JSON.stringify(answer)}`);
}

async function runCase(
  one: PeerCase,
  program: PeerProgram,
  network: RawNetwork,
): Promise<{ report: CaseReport; hasBegun: boolean }> {
  const beganAt = systemClock.now();
  const failures: string[] = [];
  const leftovers: string[] = [];
  const deviations: string[] = [];
  let hasBegun = false;
  network.takeTroubles();
  try {
    const { run, close } = await begin(one, program, network);
    hasBegun = true;
    try {
      for (const step of one.steps) await run.step(step);
    } finally {
      const { links } = run;
      failures.push(...links.flatMap(({ received }) => transcriptProblems(received)));
      deviations.push(...run.deviations);
      await finish(links, program).catch(noteIn(leftovers));
      for (const link of links) link.destroy();
      await close();
    }
  } catch (reason) {
    noteIn(failures)(reason);
    await finishQuietly(program, leftovers);
  }
  failures.push(...network.takeTroubles());
  const messages = [...failures, ...deviations, ...leftovers];
  const report: CaseReport = {
    id: one.id,
    title: one.title,
    outcome: failures.length > 0 ? "failed" : deviations.length > 0 ? "non-strict" : "ok",
    close: leftovers.length > 0 ? "unclean" : "clean",
    ms: systemClock.now() - beganAt,
    ...(messages.length > 0 ? { message: messages.join("; ") } : {}),
  };
  return { report, hasBegun };
}

/** Has the peer listen or connect: gives the link to it. */
async function begin(
  { role }: PeerCase,
  program: PeerProgram,
  network: RawNetwork,
): Promise<{ run: PeerCaseRun; close(): Promise<void> }> {
  const ask = (command: PeerCommand): Promise<PeerAnswer> => program.ask(command);
  if (role === "acceptor") {
    const { address } = await ask({ do: "listen" });
    const dial = (): Promise<RawPeer> => within(network.connect(String(address)), "a connection", patienceMs);
    return { run: new PeerCaseRun(await dial(), role, ask, dial), close: async () => {} };
  }
  const listener = await network.listen();
  const connecting = ask({ do: "connect", address: listener.address });
  connecting.catch(() => {});
  try {
    const raw = await within(listener.accept(), "a connection of the peer", patienceMs);
    const run = new PeerCaseRun(raw, role, ask);
    run.expectAnswer("connect", connecting);
    return { run, close: () => listener.close() };
  } catch (reason) {
    await listener.close();
    throw reason;
  }
}

/** Has the peer end what it has, and awaits that its links have ended. */
async function finish(links: readonly RawPeer[], program: PeerProgram): Promise<void> {
  const answer = await program.ask({ do: "close" });
  if (answer.closed !== true) throw new Error(`The answer to close is ${JSON.stringify(answer)}`);
  const ended = await Promise.all(links.map((raw) => new FrameInbox(raw).isEndedWithin(patienceMs)));
  if (ended.includes(false)) throw new Error("close has not ended the link");
}

/** After a failure: only whether the program still listens to us. */
async function finishQuietly(program: PeerProgram, leftovers: string[]): Promise<void> {
  if (leftovers.length > 0) return;
  await program.ask({ do: "describe" }).catch(noteIn(leftovers));
}

function noteIn(list: string[]): (reason: unknown) => void {
  return (reason) => void list.push(reason instanceof Error ? reason.message : String(reason));
}
