/**
 * The session model: random steps of a client, a server and the network between them, against what must be true.
 *
 * The model knows what is broken and for how long; from that follows whether a call may fail at all.
 */
import type { Way } from "@sluice/protocol/testing";
import fc from "fast-check";
import type { HandlerRun, ModelCall, ModelKind } from "./model-calls.ts";
import { times } from "./model-limits.ts";
import type { Route } from "./model-network.ts";
import type { SessionCounts } from "./session-counts.ts";
import { SessionWorld } from "./session-world.ts";

/** What the model knows of the world. */
export class SessionModel {
  readonly counts: SessionCounts;
  opened = 0;
  /** How long nothing has come through, ms. */
  troubleMs = 0;
  isTroubled = false;
  isDraining = false;

  constructor(counts: SessionCounts) {
    this.counts = counts;
  }

  /** Time passes. Returns whether the server may have been out of reach for too long. */
  passes(ms: number): boolean {
    if (!this.isTroubled) return false;
    this.troubleMs += ms;
    return this.troubleMs > times.graceMs - times.deadAfter - times.handshakeTimeout;
  }

  heals(): void {
    this.isTroubled = false;
    this.troubleMs = 0;
  }
}

type Step = fc.AsyncCommand<SessionModel, SessionWorld>;

/** What a step does. `false`: there was nothing to do, and it does not count. */
type Act = (world: SessionWorld, model: SessionModel) => unknown;

function step(
  name: string,
  said: unknown,
  check: (model: Readonly<SessionModel>) => boolean,
  run: Act,
): Step {
  return {
    check,
    async run(model, world) {
      const isDone = await run(world, model);
      const { steps } = model.counts;
      if (isDone !== false) steps.set(name, (steps.get(name) ?? 0) + 1);
      await world.run();
      world.check();
    },
    toString: () => `${name}(${JSON.stringify(said)})`,
  };
}

const always = (): boolean => true;
const hasCalls = ({ opened }: Readonly<SessionModel>): boolean => opened > 0;

/** A step of one of the four newest calls. */
function ofCall(name: string, pick: number, run: (call: ModelCall) => unknown, said?: unknown): Step {
  return step(name, said === undefined ? pick : [pick, said], hasCalls, ({ calls }) => {
    const call = calls[calls.length - 1 - (pick % Math.min(4, calls.length))];
    return call === undefined ? false : run(call);
  });
}

/** A step of its handler, if it runs. */
function ofHandler(
  name: string,
  pick: number,
  act: (run: HandlerRun, call: ModelCall) => unknown,
  said?: unknown,
): Step {
  return ofCall(
    name,
    pick,
    (call) => {
      const { run } = call;
      return run === undefined || run.hasSettled ? false : act(run, call);
    },
    said,
  );
}

const pick = fc.nat(3);
const length = fc.oneof(fc.nat(100), fc.nat(2_500), fc.nat(7_500));
const way = fc.constantFrom<Way>("toServer", "toClient");
const kind = fc.constantFrom<ModelKind>("ask", "count", "talk", "talk", "collect");

const open = fc
  .tuple(kind, length, fc.constantFrom(undefined, undefined, undefined, 50, 2_000))
  .map(([what, bytes, timeout]) =>
    step("Open", [what, bytes, timeout], always, (world, model) => {
      model.opened++;
      world.open(what, bytes, timeout);
    }),
  );
const write = fc
  .tuple(pick, length)
  .map(([one, bytes]) => ofCall("Write", one, (call) => call.canWrite && call.write(bytes), bytes));
const answer = fc.tuple(pick, length).map(([one, bytes]) =>
  ofHandler(
    "Answer",
    one,
    (run, { down }) => {
      if (!run.canWrite || down.isWriting || down.isClosed) return false;
      down.write(bytes, (item) => run.write(item));
    },
    bytes,
  ),
);
const read = fc
  .tuple(pick, fc.boolean(), fc.integer({ min: 1, max: 5 }))
  .map(([one, isCaller, count]) =>
    ofCall("Read", one, ({ up, down }) => (isCaller ? down : up).take(count), [isCaller, count]),
  );
const pause = fc
  .tuple(pick, fc.boolean())
  .map(([one, isCaller]) => ofCall("Pause", one, ({ up, down }) => (isCaller ? down : up).pause(), isCaller));
const end = pick.map((one) =>
  ofCall("End", one, (call) => {
    const hasMore = call.sends && !call.up.hasEnd;
    call.close();
    return hasMore;
  }),
);
const endAnswers = pick.map((one) =>
  ofHandler("EndAnswers", one, (run, { down }) => {
    const hasMore = run.canWrite && !down.hasEnd;
    down.hasEnd = down.isClosed = true;
    run.close();
    return hasMore;
  }),
);
const returns = pick.map((one) =>
  ofHandler("Return", one, (run, { down }) => (down.isWriting ? false : run.returns())),
);
const throws = pick.map((one) =>
  ofHandler("Throw", one, (run, call) => {
    if (call.down.isWriting) return false;
    call.hasThrown = true;
    run.throws();
  }),
);
const stop = pick.map((one) =>
  ofCall("Stop", one, (call) => {
    const { isOpen } = call;
    call.stop();
    return isOpen;
  }),
);
const cancel = pick.map((one) =>
  ofCall("Cancel", one, (call) => {
    const hasEnded = call.end !== undefined;
    call.cancel();
    return !hasEnded;
  }),
);

const cut = fc.constant(step("Cut", "", always, ({ network }) => network.cut()));
const cutAfter = fc
  .tuple(way, fc.nat(6_000))
  .map(([where, bytes]) =>
    step("CutAfter", [where, bytes], always, ({ network }) => network.cutAfter(where, bytes)),
  );
const blackhole = fc.constantFrom<Way | "both">("toServer", "toClient", "both").map((where) =>
  step(
    "Blackhole",
    where,
    ({ isTroubled }) => !isTroubled,
    ({ network }, model) => {
      model.isTroubled = true;
      network.blackhole(where);
    },
  ),
);
const down = fc.constant(
  step(
    "Down",
    "",
    ({ isTroubled }) => !isTroubled,
    ({ network }, model) => {
      model.isTroubled = true;
      network.down();
    },
  ),
);
const resume = fc.constant(
  step("Resume", "", always, async (world, model) => {
    world.network.heal();
    await world.advance(1_500);
    model.heals();
  }),
);
// A later attempt than the client's own comes only while no WELCOME is on its way: a client makes one attempt after the other.
const dupResume = fc.integer({ min: -1, max: 2 }).map((ahead) =>
  step(
    "DupResume",
    ahead,
    ({ isTroubled }) => ahead <= 0 || !isTroubled,
    (world) => world.claimAgain(ahead),
  ),
);
const through = fc.constantFrom<Route>("relay", "relay", "direct").map((route) =>
  step("Through", route, always, ({ network }) => {
    network.route = route;
    network.cut();
  }),
);
const restart = fc.constant(
  step("Restart", "", always, (world, model) => {
    model.isDraining = false;
    world.restart();
  }),
);
const drain = fc.constantFrom(0, 500, 3_000).map((timeout) =>
  step(
    "Drain",
    timeout,
    ({ isDraining }) => !isDraining,
    (world, model) => {
      model.isDraining = true;
      world.drain(timeout);
    },
  ),
);
const advance = fc.constantFrom(1, 10, 60, 400, 2_500).map((ms) =>
  step("AdvanceClock", ms, always, async (world, model) => {
    if (model.passes(ms)) world.loses();
    await world.advance(ms);
  }),
);

const moving = [open, open, write, write, answer, answer, read, read, read, returns, end];
const ending = [endAnswers, throws, stop, cancel, pause];
const breaking = [
  cut,
  cutAfter,
  cutAfter,
  blackhole,
  down,
  resume,
  dupResume,
  through,
  advance,
  advance,
  advance,
];
const usual = [...moving, ...moving, ...moving, ...ending, ...breaking];

/** Steps of which few lose a session, so that most runs must lose nothing; and all of them. */
export const stepLists = { gentle: usual, rough: [...usual, restart, drain] } as const;
export type StepList = keyof typeof stepLists;

/** A failure as fast-check has printed it. */
export interface KnownSeed {
  readonly seed: number;
  readonly path?: string;
  readonly replayPath?: string;
}

/** Runs the model `runs` times with up to `most` steps each. Rejects with the seed, the path and the steps of a run that fails. */
export async function checkSessionModel(
  list: StepList,
  runs: number,
  most: number,
  counts: SessionCounts,
  known?: KnownSeed,
): Promise<void> {
  const { replayPath, ...seeded } = known ?? {};
  const commands = fc.commands([...stepLists[list]], {
    maxCommands: most,
    size: "max",
    ...(replayPath !== undefined && { replayPath }),
  });
  const holds = fc.asyncProperty(commands, async (steps) => {
    const model = new SessionModel(counts);
    const world = new SessionWorld();
    await fc.asyncModelRun(() => ({ model, real: world }), steps);
    await world.finish();
    counts.ended(world.calls);
  });
  await fc.assert(holds, { numRuns: runs, ...seeded, endOnFailure: known?.path !== undefined });
}
