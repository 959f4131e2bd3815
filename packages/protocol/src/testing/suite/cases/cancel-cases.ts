/**
 * CA: calls that their caller gives up. Spec: docs/wire.md §4.4, §4.13.
 */
import type { CallHandle } from "../../../call/call-handle.ts";
import type { SluiceError } from "../../../errors/sluice-error.ts";
import { FrameType } from "../../../frame/frame.ts";
import { FakeClock } from "../../fake-clock.ts";
import { aborted, check, fails, gate, same, settle, turns, until, within } from "../expect.ts";
import type { Rig } from "../rig.ts";
import type { SuiteCase } from "../suite-case.ts";
import type { SuiteContext } from "../suite-peer.ts";

/** What a call has done when it is given up. */
interface Phase {
  readonly id: string;
  readonly title: string;
  readonly procedure: "ask" | "upload" | "watch" | "talk";
  /** Items that the caller sends, and whether it then says that this was all. */
  readonly sends?: number;
  readonly ends?: boolean;
  /** Items that it takes; `afterEnd`: the handler first hears all, then answers. */
  readonly takes?: number;
  readonly afterEnd?: boolean;
}

const phases: readonly Phase[] = [
  { id: "CA-1", title: "a request", procedure: "ask" },
  { id: "CA-2", title: "an upload before its end", procedure: "upload", sends: 2 },
  { id: "CA-3", title: "an upload after its end", procedure: "upload", sends: 2, ends: true },
  { id: "CA-4", title: "a stream before its first item", procedure: "watch" },
  { id: "CA-5", title: "a stream after some items", procedure: "watch", takes: 2 },
  { id: "CA-6", title: "a channel in turns, before its end", procedure: "talk", sends: 2, afterEnd: true },
  {
    id: "CA-7",
    title: "a channel in turns, after its end",
    procedure: "talk",
    sends: 2,
    ends: true,
    afterEnd: true,
  },
  {
    id: "CA-8",
    title: "a channel in turns, after some items",
    procedure: "talk",
    sends: 2,
    ends: true,
    takes: 2,
    afterEnd: true,
  },
  { id: "CA-9", title: "a channel both ways at once, before its end", procedure: "talk", sends: 2 },
  {
    id: "CA-10",
    title: "a channel both ways at once, after its end",
    procedure: "talk",
    sends: 2,
    ends: true,
  },
  {
    id: "CA-11",
    title: "a channel both ways at once, after some items",
    procedure: "talk",
    sends: 2,
    takes: 2,
  },
];

async function givenUp(rig: Rig, phase: Phase): Promise<void> {
  const { procedure, takes = 0 } = phase;
  const reasons: unknown[] = [];
  const ready = gate();
  const handler = async (context: SuiteContext): Promise<unknown> => {
    const { signal } = context;
    signal.addEventListener("abort", () => reasons.push(signal.reason));
    await hear(context, phase);
    if (takes > 0) {
      const writer = context.writable.getWriter();
      for (let item = 0; item < takes; item++) await writer.write(item);
    }
    ready.open();
    await aborted(signal);
    return "nobody waits for this";
  };
  const handlers = { [procedure]: handler, nothing: () => undefined };
  const { client, server } = await rig.peers({ server: { handlers } });
  const controller = new AbortController();
  const { signal } = controller;
  const call: CallHandle | Promise<unknown> =
    procedure === "ask"
      ? client.caller.request("ask", { signal })
      : client.caller.items(procedure, procedure === "watch" ? "stream" : "channel", { signal });
  if (!(call instanceof Promise)) await act(call, phase);
  await within(ready.promise, "the handler has come to the place where the call is given up");

  controller.abort("enough");
  await fails(call instanceof Promise ? call : call.result, {
    code: "CANCELLED",
    processed: "maybe",
    origin: "local",
  });
  if (!(call instanceof Promise)) {
    if (procedure !== "upload") await fails(call.readable.getReader().read(), { code: "CANCELLED" });
    check(call.signal.aborted, "the call's own signal is aborted");
  }
  await until(() => reasons.length > 0, "the handler was told");
  same(reasons, ["cancelled"], "why the handler's signal aborted");
  await until(() => server.session.runningHandlers === 0, "the handler's slot is free");
  await until(
    () => client.session.openCalls === 0 && server.session.openCalls === 0,
    "both ends have forgotten the call",
  );
  same(await client.caller.request("nothing"), undefined, "a call afterwards");
}

/** What the handler hears before it is ready. */
async function hear({ readable }: SuiteContext, { sends = 0, ends, afterEnd }: Phase): Promise<void> {
  if (sends === 0) return;
  const reader = readable.getReader();
  for (let item = 0; item < sends; item++)
    same((await reader.read()).value, new Uint8Array([item]), "an item");
  // Without an end there is nothing to hear: the handler is ready while it waits for it.
  if (ends === true) same((await reader.read()).done, true, "the end");
  else if (afterEnd === true) void reader.read().catch(ignore);
}

/** What the caller does before it gives up. */
async function act(call: CallHandle, { sends = 0, ends, takes = 0 }: Phase): Promise<void> {
  for (let item = 0; item < sends; item++) await call.send(new Uint8Array([item]));
  if (ends === true) await call.writable.close();
  if (takes === 0) return;
  const reader = call.readable.getReader();
  for (let item = 0; item < takes; item++)
    same((await within(reader.read(), "an item")).value, item, "an item");
  reader.releaseLock();
}

async function givenUpBeforehand(rig: Rig): Promise<void> {
  const { client, server, links } = await rig.peers({
    server: { handlers: { ask: () => 1, watch: () => 1, note: () => 1 } },
  });
  const before = links.near.sent.frames;
  const signal = AbortSignal.abort("before");
  const none = { code: "CANCELLED", processed: "no", origin: "local" } as const;
  await fails(client.caller.request("ask", { signal }), none);
  await fails(client.caller.event("note", { signal }), none);
  await fails(client.caller.items("watch", "stream", { signal }).result, none);
  await turns(50);
  same([links.near.sent.frames, server.started], [before, []], "frames that were sent, handlers that ran");
}

async function handlerThatIgnoresItsSignal(rig: Rig): Promise<void> {
  const going = gate();
  const { client, server } = await rig.peers({
    server: {
      limits: { limits: { maxConcurrentHandlers: 1 } },
      handlers: {
        async ask() {
          await going.promise;
          return "late";
        },
        nothing: () => undefined,
      },
    },
  });
  const controller = new AbortController();
  const stubborn = client.caller.request("ask", { signal: controller.signal });
  await until(() => server.started.length === 1, "the handler runs");
  controller.abort();
  await fails(stubborn, { code: "CANCELLED" });
  const next = settle(client.caller.request("nothing"));
  await turns(100);
  same(
    [server.session.runningHandlers, server.started],
    [1, ["ask"]],
    "the slot is held until the handler settles",
  );
  going.open();
  same(await within(next, "the next call"), { value: undefined }, "the call that waited for the slot");
}

/** Gives up after `delay` turns, in each way; one end per side, whatever comes first. */
async function races(rig: Rig): Promise<void> {
  const clock = new FakeClock();
  const ends: string[] = [];
  const { client, server } = await rig.peers({
    client: { clock },
    server: {
      handlers: {
        async watch({ writable, signal }) {
          const writer = writable.getWriter();
          for (let item = 0; item < 3 && !signal.aborted; item++) {
            await writer.write(item);
            await turns(1);
          }
          return "done";
        },
      },
    },
  });
  const ways: readonly ((stream: CallHandle, controller: AbortController) => unknown)[] = [
    (stream) => stream.abort(),
    (stream) => stream.close(),
    (_, controller) => controller.abort(),
    () => clock.advance(50),
    (stream, controller) => [controller.abort(), clock.advance(50), stream.close()],
  ];
  for (const way of ways) {
    for (let delay = 0; delay < 20; delay++) {
      const controller = new AbortController();
      const stream = client.caller.items("watch", "stream", { signal: controller.signal, timeout: 50 });
      const outcome = settle(stream.result);
      const reading = readAll(stream);
      await turns(delay);
      way(stream, controller);
      const end = await within(outcome, "the end of a call that was given up in a race");
      const read = await within(reading, "the end of its items");
      const code = "value" in end ? "OK" : (end.reason as SluiceError).code;
      check(
        ["OK", "CANCELLED", "DEADLINE_EXCEEDED"].includes(code),
        `the end is one of those that fit: ${code}`,
      );
      check(code !== "OK" || read === "ended", "items of a call that ended well end well");
      ends.push(code);
    }
  }
  same(ends.length, 100, "ends");
  check(new Set(ends).size === 3, `each end has come: ${[...new Set(ends)].join(", ")}`);
  await until(
    () => client.session.openCalls === 0 && server.session.runningHandlers === 0,
    "nothing is left",
  );
  same(client.session.state.name, "open", "the session");
}

async function readAll(stream: CallHandle): Promise<"ended" | "failed"> {
  try {
    for await (const _ of stream.readable);
    return "ended";
  } catch {
    return "failed";
  }
}

async function cancelOfACallThatIsOver(rig: Rig): Promise<void> {
  const { frames, accepting } = await rig.framesToServer({ handlers: { nothing: () => undefined } });
  frames.send(frames.hello());
  await frames.next(FrameType.WELCOME);
  await accepting;
  frames.send(frames.open(1, "nothing"));
  await frames.next(FrameType.RESULT);
  for (const abort of [false, true]) frames.send({ type: FrameType.CANCEL, call: 1, abort, reason: "late" });
  frames.send({ type: FrameType.CANCEL, call: 1, abort: true, reason: "again" });
  await frames.proveLife();
  frames.send({ type: FrameType.CANCEL, call: 3, abort: true, reason: "never was" });
  same(
    await frames.closing(),
    "PROTOCOL_ERROR",
    "the code of CLOSE after a CANCEL for a call that never was",
  );
}

function ignore(): void {}

/** Cases of cancellation. */
export const cancelCases: readonly SuiteCase[] = [
  ...phases.map((phase) => ({
    id: phase.id,
    title: `${phase.title} can be given up`,
    run: (rig: Rig) => givenUp(rig, phase),
  })),
  { id: "CA-12", title: "a call that is given up beforehand sends nothing", run: givenUpBeforehand },
  {
    id: "CA-17",
    title: "a handler that ignores its signal holds its slot",
    run: handlerThatIgnoresItsSignal,
  },
  { id: "CA-18", title: "whatever races, a call ends once", run: races },
  { id: "CA-18", title: "a cancel of a call that is over changes nothing", run: cancelOfACallThatIsOver },
];
