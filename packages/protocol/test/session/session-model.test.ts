/**
 * Two sessions, any calls both ways, any steps of their users, frames delivered at any time: INV-ONE, INV-PREFIX, INV-CREDIT,
 * INV-MEM and INV-QUIET hold throughout.
 */
import fc from "fast-check";
import { describe, it } from "vitest";
import { SluiceError } from "../../src/errors/sluice-error.ts";
import type { Direction } from "./memory-wire.ts";
import { makeWorld, type SideName, type World, type WorldCall } from "./session-world.ts";

type Command = fc.AsyncCommand<World, World>;

/** A step of one of the newest calls, 0 the last; skipped where it cannot be done. */
class CallStep implements Command {
  readonly #name: string;
  readonly #pick: number;
  readonly #can: (call: WorldCall, world: World) => boolean;
  readonly #run: (call: WorldCall, world: World) => void;

  constructor(
    name: string,
    pick: number,
    can: (call: WorldCall, world: World) => boolean,
    run: (call: WorldCall, world: World) => void,
  ) {
    this.#name = name;
    this.#pick = pick;
    this.#can = can;
    this.#run = run;
  }

  check(world: Readonly<World>): boolean {
    const call = this.#call(world);
    return call !== undefined && this.#can(call, world as World);
  }

  async run(_: World, world: World): Promise<void> {
    this.#run(this.#call(world) as WorldCall, world);
    await world.check();
  }

  toString(): string {
    return `${this.#name} ${this.#pick}`;
  }

  #call({ calls }: Readonly<World>): WorldCall | undefined {
    return calls[calls.length - 1 - (this.#pick % Math.max(1, calls.length))];
  }
}

/** A step of the whole. */
class WorldStep implements Command {
  readonly #name: string;
  readonly #run: (world: World) => void | Promise<void>;

  constructor(name: string, run: (world: World) => void | Promise<void>) {
    this.#name = name;
    this.#run = run;
  }

  check(world: Readonly<World>): boolean {
    return !world.isClosed;
  }

  async run(_: World, world: World): Promise<void> {
    await this.#run(world);
    await world.check();
  }

  toString(): string {
    return this.#name;
  }
}

const side = fc.constantFrom<SideName>("connector", "acceptor");
const direction = fc.constantFrom<Direction>("toAcceptor", "toConnector");
const kind = fc.constantFrom<WorldCall["kind"]>(
  "request",
  "stream",
  "channel",
  "channel",
  "channel",
  "upload",
);
const length = fc.oneof(fc.nat(100), fc.nat(2500), fc.nat(7500));
const pick = fc.nat(3);

const open = fc
  .tuple(side, kind, length, fc.constantFrom(0, 0, 0, 30, 3000))
  .map(
    ([from, what, bytes, timeoutMs]) =>
      new WorldStep(`open(${from}, ${what}, ${bytes}, ${timeoutMs})`, (world) =>
        world.open(from, what, bytes, timeoutMs),
      ),
  );

const deliver = fc
  .tuple(direction, fc.integer({ min: 1, max: 8 }))
  .map(
    ([way, frames]) =>
      new WorldStep(`deliver(${way}, ${frames})`, ({ pair }) => void pair.wire.deliver(way, frames)),
  );

const deliverAll = fc.constant(new WorldStep("deliverAll", ({ pair }) => pair.wire.run()));

const pass = fc
  .constantFrom(1, 60, 200, 5000)
  .map((ms) => new WorldStep(`pass(${ms})`, async ({ pair }) => void (await pair.clock.advance(ms))));

const drain = side.map(
  (by) => new WorldStep(`drain(${by})`, (world) => void world.side(by).session.drain(1000)),
);

const close = side.map(
  (by) =>
    new WorldStep(`close(${by})`, (world) => {
      world.isClosed = true;
      world.side(by).session.close(new SluiceError("CANCELLED", "closed by the test"));
    }),
);

const cut = fc.constant(
  new WorldStep("cut", (world) => {
    world.isClosed = true;
    world.pair.wire.cut();
  }),
);

const callerWrite = fc.tuple(pick, length).map(
  ([one, bytes]) =>
    new CallStep(
      `callerWrite(${bytes})`,
      one,
      ({ kind: what, up, isOver }) =>
        (what === "channel" || what === "upload") && !isOver && !up.isWaiting && !up.isClosed,
      ({ up, opened }) => up.write(bytes, opened.write, () => opened.call.outbox as never),
    ),
);

const callerClose = pick.map(
  (one) =>
    new CallStep(
      "callerClose",
      one,
      ({ up, isOver }) => !up.isClosed && !isOver,
      ({ up, opened }) => {
        up.isClosed = true;
        opened.call.closeOutbox();
      },
    ),
);

const callerRead = pick.map(
  (one) =>
    new CallStep(
      "callerRead",
      one,
      ({ opened, down }) =>
        opened.call.inbox !== undefined && !down.isReading && down.readerEnd === undefined,
      ({ opened, down }) => down.take(opened.call.inbox as never),
    ),
);

const callerLeaves = pick.map(
  (one) =>
    new CallStep(
      "callerLeaves",
      one,
      ({ opened }) => opened.call.inbox !== undefined,
      (call) => {
        call.isDisturbed = true;
        call.up.isClosed = true;
        call.opened.call.inbox?.cancel("left");
      },
    ),
);

const stop = pick.map(
  (one) =>
    new CallStep(
      "stop",
      one,
      ({ isOver }) => !isOver,
      (call) => {
        call.isDisturbed = true;
        call.up.isClosed = true;
        call.opened.call.stop();
      },
    ),
);

const abort = pick.map(
  (one) =>
    new CallStep(
      "abort",
      one,
      ({ isOver }) => !isOver,
      (call) => {
        call.isDisturbed = true;
        call.up.isClosed = true;
        call.opened.call.abort();
      },
    ),
);

/** A step of the call's handler, if one runs. */
function handlerStep(
  name: string,
  one: number,
  can: (call: WorldCall) => boolean,
  run: (call: WorldCall, played: NonNullable<ReturnType<World["played"]>>) => void,
): Command {
  return new CallStep(
    name,
    one,
    (call, world) => world.played(call)?.hasSettled === false && can(call),
    (call, world) => run(call, world.played(call) as never),
  );
}

const calleeWrite = fc.tuple(pick, length).map(([one, bytes]) =>
  handlerStep(
    `calleeWrite(${bytes})`,
    one,
    ({ kind: what, down }) => (what === "stream" || what === "channel") && !down.isWaiting && !down.isClosed,
    ({ down }, played) => {
      if (played.call.isWanted)
        down.write(
          bytes,
          (item) => played.write(item),
          () => played.call.outbox,
        );
    },
  ),
);

const calleeClose = pick.map((one) =>
  handlerStep(
    "calleeClose",
    one,
    () => true,
    ({ down }, played) => {
      down.isClosed = true;
      played.call.closeOutbox();
    },
  ),
);

const calleeRead = pick.map((one) =>
  handlerStep(
    "calleeRead",
    one,
    ({ up }) => !up.isReading && up.readerEnd === undefined,
    ({ up }, played) => {
      const { inbox } = played.call;
      if (inbox !== undefined) up.take(inbox);
    },
  ),
);

const calleeLeaves = pick.map((one) =>
  handlerStep(
    "calleeLeaves",
    one,
    () => true,
    (_, played) => played.call.inbox?.cancel("left"),
  ),
);

const calleeReturns = pick.map((one) =>
  handlerStep(
    "calleeReturns",
    one,
    ({ down }) => !down.isWaiting,
    ({ name }, played) => played.finish(name),
  ),
);

const calleeThrows = pick.map((one) =>
  handlerStep(
    "calleeThrows",
    one,
    ({ down }) => !down.isWaiting,
    (_, played) => played.fail(),
  ),
);

/** What moves things on. */
const moving: fc.Arbitrary<Command>[] = [
  open,
  deliver,
  deliver,
  deliverAll,
  deliverAll,
  callerWrite,
  callerWrite,
  calleeWrite,
  calleeWrite,
  callerRead,
  callerRead,
  calleeRead,
  calleeRead,
];

/** What ends a call or a direction of it. */
const ending: fc.Arbitrary<Command>[] = [
  callerClose,
  calleeClose,
  calleeReturns,
  calleeReturns,
  calleeThrows,
  stop,
  abort,
  callerLeaves,
  calleeLeaves,
  pass,
];

const usual: fc.Arbitrary<Command>[] = [...moving, ...moving, ...moving, ...ending];

async function holds(linkKind: "binary" | "structured", commands: Iterable<Command>): Promise<void> {
  const world = await makeWorld(linkKind);
  await fc.asyncModelRun(() => ({ model: world, real: world }), commands);
  await world.finish();
}

describe.each(["binary", "structured"] as const)("two sessions over a %s link", (linkKind) => {
  it("keep every promise while calls come, go and end by all that can end them", async () => {
    const commands = fc.commands(usual, { maxCommands: 250, size: "max" });
    await fc.assert(
      fc.asyncProperty(commands, (list) => holds(linkKind, list)),
      { numRuns: 50 },
    );
  }, 60_000);

  it("keep every promise when one drains, closes or loses its link in the middle", async () => {
    const commands = fc.commands([...usual, ...usual, drain, drain, close, cut], {
      maxCommands: 200,
      size: "max",
    });
    await fc.assert(
      fc.asyncProperty(commands, (list) => holds(linkKind, list)),
      { numRuns: 50 },
    );
  }, 60_000);
});
