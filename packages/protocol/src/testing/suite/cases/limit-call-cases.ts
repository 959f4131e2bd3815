/**
 * LM-3…LM-7: how many calls there may be, what an OPEN may hold, how much may be refused, and how long things may take.
 *
 * Each limit as a pair: just below goes through, just above is refused with its code. Spec: docs/wire.md §4.3, §4.5, §4.14.
 */
import { type CreditFrame, FrameType } from "../../../frame/frame.ts";
import type { LimitOptions } from "../../../limits.ts";
import { FakeClock } from "../../fake-clock.ts";
import { aborted, fails, type Gate, gate, same, turns, until, within } from "../expect.ts";
import type { FramePeer } from "../frame-peer.ts";
import type { PeerOptions, Rig } from "../rig.ts";
import type { SuiteCase } from "../suite-case.ts";
import type { SuiteContext, SuitePeer } from "../suite-peer.ts";

/** A frame peer and an engine that serves it, in each role; `first` is the id of the frame peer's first call. */
const engines: readonly {
  readonly role: "server" | "client";
  readonly first: number;
  readonly meet: (rig: Rig, options: PeerOptions) => Promise<{ frames: FramePeer; ours: SuitePeer }>;
}[] = [
  {
    role: "server",
    first: 1,
    async meet(rig, options) {
      const { frames, accepting } = await rig.framesToServer(options);
      frames.send(frames.hello());
      await frames.next(FrameType.WELCOME);
      return { frames, ours: await accepting };
    },
  },
  {
    role: "client",
    first: 2,
    async meet(rig, options) {
      const { frames, connecting } = await rig.framesToClient(options);
      frames.send(frames.welcome());
      return { frames, ours: await connecting };
    },
  },
];

/** Two peers with the same options, of which each calls the other. */
async function bothWays(
  rig: Rig,
  options: PeerOptions,
  body: (caller: SuitePeer, callee: SuitePeer) => Promise<void>,
): Promise<void> {
  const { client, server } = await rig.peers({ client: options, server: options });
  await body(client, server);
  await body(server, client);
}

/** The code and more of the ERROR that ends call `id`. */
async function refusalOf(frames: FramePeer, id: number) {
  const { code, processed, retryable } = (await frames.next(FrameType.ERROR, id)).body;
  return { code, processed, retryable };
}

const metadataOf = (bytes: number) => ({ k: "x".repeat(bytes - '{"k":""}'.length) });
const entries = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`e${at}`, ""]));

async function metadata(rig: Rig): Promise<void> {
  const limits: LimitOptions = { limits: { maxMetadata: 1_000 } };
  const handlers = { nothing: () => undefined };
  const refused = { code: "RESOURCE_EXHAUSTED", processed: "no", retryable: false };
  await bothWays(rig, { limits, handlers }, async ({ caller }, { started }) => {
    for (const fits of [metadataOf(1_000), entries(64)]) await caller.request("nothing", { metadata: fits });
    for (const over of [metadataOf(1_001), entries(65)])
      await fails(caller.request("nothing", { metadata: over }), {
        code: "RESOURCE_EXHAUSTED",
        processed: "no",
        origin: "local",
      });
    same(started.length, 2, "handlers that ran");
  });
  for (const { first, meet } of engines) {
    const { frames, ours } = await meet(rig, { limits, handlers });
    const open = (id: number, of: object) => frames.open(id, "nothing", { metadata: JSON.stringify(of) });
    frames.send(open(first, metadataOf(1_000)), open(first + 2, entries(64)));
    for (const id of [first, first + 2]) await frames.next(FrameType.RESULT, id);
    frames.send(open(first + 4, metadataOf(1_001)), open(first + 6, entries(65)));
    for (const id of [first + 4, first + 6]) same(await refusalOf(frames, id), refused, "too much metadata");
    same(ours.started.length, 2, "handlers that ran");
  }
}

async function names(rig: Rig): Promise<void> {
  const limits: LimitOptions = { limits: { maxName: 7 } };
  const handlers = { nothing: () => undefined, askBytes: () => undefined };
  const options = { limits, handlers, knowsProtocol: false };
  await bothWays(rig, options, async ({ caller }, { started }) => {
    await caller.request("nothing");
    // Bytes count, not characters.
    for (const name of ["askBytes", "größer"])
      await fails(caller.request(name), { code: "INVALID_ARGUMENT", processed: "no" });
    same(started, ["nothing"], "handlers that ran");
  });
  for (const { first, meet } of engines) {
    const { frames, ours } = await meet(rig, { limits, handlers });
    frames.send(frames.open(first, "nothing"), frames.open(first + 2, "askBytes"));
    await frames.next(FrameType.RESULT, first);
    const refused = { code: "INVALID_ARGUMENT", processed: "no", retryable: false };
    same(await refusalOf(frames, first + 2), refused, "a name of 8 bytes");
    same(ours.started, ["nothing"], "handlers that ran");
  }
}

async function callsAtOnce(rig: Rig): Promise<void> {
  for (const limit of ["maxCalls", "maxConcurrentHandlers"] as const) {
    const going = gate();
    const limits: LimitOptions = { limits: { [limit]: 3 } };
    const handlers = { nothing: () => going.promise };
    for (const { role, first, meet } of engines) {
      const { frames, ours } = await meet(rig, { limits, handlers });
      for (let at = 0; at < 4; at++) frames.send(frames.open(first + 2 * at, "nothing"));
      same(
        await refusalOf(frames, first + 6),
        { code: "RESOURCE_EXHAUSTED", processed: "no", retryable: true },
        `the fourth call at a ${role} with ${limit} of 3`,
      );
      same(ours.started.length, 3, `handlers that a ${role} has started`);
    }
    going.open();
    await honestCallsWait(rig, limit);
  }
}

/** A caller that knows the limit keeps what is above it. */
async function honestCallsWait(rig: Rig, limit: "maxCalls" | "maxConcurrentHandlers"): Promise<void> {
  let most = 0;
  let running = 0;
  let going: Gate;
  const handlers = {
    async nothing() {
      most = Math.max(most, ++running);
      await going.promise;
      running--;
    },
  };
  const limits: LimitOptions = { limits: { [limit]: 3, maxQueue: 2 } };
  await bothWays(rig, { limits, handlers }, async ({ caller, session }, { session: callee }) => {
    going = gate();
    const calls = Array.from({ length: 5 }, () => caller.request("nothing"));
    const refused = caller.request("nothing");
    await fails(refused, { code: "RESOURCE_EXHAUSTED", processed: "no", origin: "local" });
    await until(() => running === 3, "handlers run");
    await turns(20);
    same([session.openCalls, most], [3, 3], "calls that were opened, and handlers that ran, while two wait");
    going.open();
    await within(Promise.all(calls), "all five");
    same([running, most], [0, 3], "handlers that run, and the most that ran at once");
    most = 0;
    await until(() => session.openCalls === 0, "the caller has forgotten its calls");
    await until(() => callee.openCalls === 0, "so has the callee");
  });
}

async function abuse(rig: Rig): Promise<void> {
  const limits: LimitOptions = { limits: { abuseRate: { events: 5, perMs: 2_000 } } };
  for (const { role, first, meet } of engines) {
    const clock = new FakeClock();
    const { frames } = await meet(rig, { limits, clock, handlers: { nothing: () => undefined } });
    frames.send(frames.open(first, "nothing"));
    await frames.next(FrameType.RESULT);
    frames.send({ type: FrameType.DONE, call: 0, rest: false, calls: [first] });
    const useless: CreditFrame = { type: FrameType.CREDIT, call: first, received: 0, limit: 1_024 };
    for (let event = 0; event < 5; event++) frames.send(useless);
    await frames.proveLife();
    await clock.advance(2_000);
    for (let event = 0; event < 5; event++) frames.send(useless);
    await frames.proveLife();
    await clock.advance(1_999);
    frames.send(useless);
    same(
      await frames.closing(),
      "ENHANCE_YOUR_CALM",
      `the code of CLOSE of a ${role} after a sixth event in 2 s`,
    );
  }
}

async function handshakeTime(rig: Rig): Promise<void> {
  const limits: LimitOptions = { handshakeTimeout: 700 };
  for (const role of ["server", "client"] as const) {
    const prompt = new FakeClock();
    const late = new FakeClock();
    if (role === "server") {
      const inTime = await rig.framesToServer({ clock: prompt, limits });
      await prompt.advance(699);
      inTime.frames.send(inTime.frames.hello());
      await inTime.frames.next(FrameType.WELCOME);
      await inTime.accepting;
      const { frames, accepting } = await rig.framesToServer({ clock: late, limits });
      await late.advance(700);
      same(await frames.closing(), "HANDSHAKE_TIMEOUT", "the code of CLOSE");
      await fails(accepting, { code: "HANDSHAKE_TIMEOUT" });
    } else {
      const inTime = await rig.framesToClient({ clock: prompt, limits });
      await inTime.frames.next(FrameType.HELLO);
      await prompt.advance(699);
      inTime.frames.send(inTime.frames.welcome());
      await inTime.connecting;
      const { frames, connecting } = await rig.framesToClient({ clock: late, limits });
      await frames.next(FrameType.HELLO);
      await late.advance(700);
      await fails(connecting, { code: "HANDSHAKE_TIMEOUT", processed: "no" });
    }
  }
}

async function deadlines(rig: Rig): Promise<void> {
  const limits: LimitOptions = { maxDeadline: 1_000 };
  const seen: unknown[] = [];
  const handlers = { nothing: (context: SuiteContext) => void seen.push(context.deadline) };
  // The client's limit counts where it calls, and where it is called.
  const { client, server } = await rig.peers({
    client: { clock: new FakeClock(), handlers, limits },
    server: { clock: new FakeClock(), handlers },
  });
  for (const { caller } of [client, server]) {
    for (const timeout of [999, 1_000, 1_001]) await caller.request("nothing", { timeout });
    await caller.request("nothing");
    same(seen.splice(0), [999, 1_000, 1_000, undefined], "ms left that handlers saw");
  }
  // A caller that says more than it was told it may.
  const left: unknown[] = [];
  for (const { first, meet } of engines) {
    const clock = new FakeClock();
    const ask = async ({ deadline, signal }: SuiteContext) => {
      left.push(deadline);
      await aborted(signal);
    };
    const { frames } = await meet(rig, { limits, clock, handlers: { ask } });
    frames.send(frames.open(first, "ask", { timeoutMs: 5_000 }));
    await frames.proveLife();
    await until(() => left.length > 0, "the handler runs");
    same(left.splice(0), [1_000], "ms left of a call that said 5,000");
    await clock.advance(999);
    await turns(20);
    same(
      frames.received.filter(({ type }) => type === FrameType.ERROR).length,
      0,
      "ERRORs before the deadline",
    );
    await clock.advance(1);
    same((await refusalOf(frames, first)).code, "DEADLINE_EXCEEDED", "the end of it");
  }
}

/** Cases of limits on calls and times. */
export const limitCallCases: readonly SuiteCase[] = [
  { id: "LM-3", title: "maxMetadata, and its 64 entries", run: metadata },
  { id: "LM-3", title: "maxName", run: names },
  { id: "LM-4", title: "maxCalls, maxConcurrentHandlers and maxQueue", run: callsAtOnce },
  { id: "LM-6", title: "abuseRate", run: abuse },
  { id: "LM-7", title: "handshakeTimeout", run: handshakeTime },
  { id: "LM-7", title: "maxDeadline", run: deadlines },
];
