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
  /** Ends it: whether it did so by itself, and without complaint. */
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
  /** Starts the program: at the beginning, and again when a case has ended it. */
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

/** Runs every case, one after the other. Rejects if the program cannot be started, or does not say what it is. */
export async function runPeerKit(options: PeerKitOptions): Promise<KitReport> {
  const { start, only = () => true, onCase } = options;
  let program = await start();
  const described = readDescription(await program.ask({ do: "describe" }));
  const cases: CaseReport[] = [];
  const note = (report: CaseReport): void => {
    cases.push(report);
    onCase?.(report);
  };
  for (const one of peerCases.filter(only)) {
    const { id, title, role } = one;
    if (!described.roles.includes(role)) {
      const message = `the peer is no ${role}`;
      note({ id, title, outcome: "not applicable", close: "clean", ms: 0, message });
      continue;
    }
    const report = await reportCase(one, program, options.network);
    note(report);
    if (report.close === "clean") continue;
    await program.stop();
    program = await start();
  }
  const lastCase = { id: "LF-4", title: "the program ends when its input does" };
  const beganAt = systemClock.now();
  const isEnded = await program.stop();
  if (only(lastCase)) {
    const ms = systemClock.now() - beganAt;
    note({
      ...lastCase,
      outcome: isEnded ? "ok" : "failed",
      close: "clean",
      ms,
      ...(isEnded ? {} : { message: "it had to be killed, or failed" }),
    });
  }
  return { subject: described.name, cases };
}

function readDescription(answer: PeerAnswer): Described {
  const { name, roles } = answer;
  if (typeof name === "string" && Array.isArray(roles)) return { name, roles };
  throw new TypeError(`Cannot use the program: its answer to describe is ${JSON.stringify(answer)}`);
}

async function reportCase(one: PeerCase, program: PeerProgram, network: RawNetwork): Promise<CaseReport> {
  const beganAt = systemClock.now();
  const failures: string[] = [];
  const leftovers: string[] = [];
  const deviations: string[] = [];
  network.takeTroubles();
  try {
    const { run, raw, close } = await begin(one, program, network);
    try {
      for (const step of one.steps) await run.step(step);
    } finally {
      failures.push(...transcriptProblems(raw.received));
      deviations.push(...run.deviations);
      await finish(raw, program).catch(noteIn(leftovers));
      raw.destroy();
      await close();
    }
  } catch (reason) {
    noteIn(failures)(reason);
    // Whatever state it is in: it is ended, and begins anew.
    await finishQuietly(program, leftovers);
  }
  failures.push(...network.takeTroubles());
  const messages = [...failures, ...deviations, ...leftovers];
  return {
    id: one.id,
    title: one.title,
    outcome: failures.length > 0 ? "failed" : deviations.length > 0 ? "non-strict" : "ok",
    close: leftovers.length > 0 ? "unclean" : "clean",
    ms: systemClock.now() - beganAt,
    ...(messages.length > 0 ? { message: messages.join("; ") } : {}),
  };
}

/** Has the peer listen or connect: gives the link to it. */
async function begin(
  { role }: PeerCase,
  program: PeerProgram,
  network: RawNetwork,
): Promise<{ run: PeerCaseRun; raw: RawPeer; close(): Promise<void> }> {
  const ask = (command: PeerCommand): Promise<PeerAnswer> => program.ask(command);
  if (role === "acceptor") {
    const { address } = await ask({ do: "listen" });
    const raw = await within(network.connect(String(address)), "a connection", patienceMs);
    return { raw, run: new PeerCaseRun(raw, role, ask), close: async () => {} };
  }
  const listener = await network.listen();
  const connecting = ask({ do: "connect", address: listener.address });
  connecting.catch(() => {});
  try {
    const raw = await within(listener.accept(), "a connection of the peer", patienceMs);
    const run = new PeerCaseRun(raw, role, ask);
    run.expectAnswer("connect", connecting);
    return { raw, run, close: () => listener.close() };
  } catch (reason) {
    await listener.close();
    throw reason;
  }
}

/** Has the peer end what it has, and awaits that the link has ended. */
async function finish(raw: RawPeer, program: PeerProgram): Promise<void> {
  const answer = await program.ask({ do: "close" });
  if (answer.closed !== true) throw new Error(`The answer to close is ${JSON.stringify(answer)}`);
  if (!(await new FrameInbox(raw).isEndedWithin(patienceMs))) throw new Error("close has not ended the link");
}

/** After a failure: only whether the program still listens to us. */
async function finishQuietly(program: PeerProgram, leftovers: string[]): Promise<void> {
  if (leftovers.length > 0) return;
  await program.ask({ do: "describe" }).catch(noteIn(leftovers));
}

function noteIn(list: string[]): (reason: unknown) => void {
  return (reason) => void list.push(reason instanceof Error ? reason.message : String(reason));
}
