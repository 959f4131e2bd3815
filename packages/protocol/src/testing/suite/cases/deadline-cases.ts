/**
 * CA: calls whose time is up. Spec: docs/wire.md §4.5.
 */
import { SluiceError } from "../../../errors/sluice-error.ts";
import { FrameType } from "../../../frame/frame.ts";
import { FakeClock } from "../../fake-clock.ts";
import { aborted, fails, gate, same, turns, until, within } from "../expect.ts";
import type { Rig } from "../rig.ts";
import type { SuiteCase } from "../suite-case.ts";
import type { SuiteContext } from "../suite-peer.ts";

type Caller = Awaited<ReturnType<Rig["peers"]>>["client"]["caller"];

async function deadlineTravels(rig: Rig): Promise<void> {
  const clientClock = new FakeClock();
  const serverClock = new FakeClock();
  const seen: unknown[] = [];
  const going = gate();
  const started = gate();
  const { client } = await rig.peers({
    client: { clock: clientClock, handlers: { nothing: (context) => void seen.push(context.deadline) } },
    server: {
      clock: serverClock,
      handlers: {
        async ask(context) {
          seen.push(context.deadline);
          started.open();
          await going.promise;
          seen.push(context.deadline);
          await context.client.request("nothing");
          return "done";
        },
      },
    },
  });
  const call = client.caller.request("ask", { timeout: 10_000 });
  await started.promise;
  await serverClock.advance(4_000);
  going.open();
  same(await within(call, "the result"), "done", "the result");
  same(seen, [10_000, 6_000, 6_000], "ms left: at first, 4 s later, and of a call on its behalf");
  same(
    await client.caller.request("ask").then(() => seen[3]),
    undefined,
    "ms left of a call without deadline",
  );
}

const handlersThatWait = (reasons: unknown[]) => {
  const wait = async ({ signal }: SuiteContext): Promise<unknown> => {
    await aborted(signal);
    reasons.push(signal.reason);
    return undefined;
  };
  return { ask: wait, watch: wait, talk: wait, note: wait };
};

async function deadlinePasses(rig: Rig): Promise<void> {
  const start = [
    (client: Caller, timeout: number) => client.request("ask", { timeout }),
    (client: Caller, timeout: number) => client.items("watch", "stream", { timeout }).result,
    (client: Caller, timeout: number) => client.items("talk", "channel", { timeout }).result,
  ];
  for (const side of ["caller", "callee"] as const) {
    const clocks = { caller: new FakeClock(), callee: new FakeClock() };
    const reasons: unknown[] = [];
    const { client, server } = await rig.peers({
      client: { clock: clocks.caller },
      server: { clock: clocks.callee, handlers: handlersThatWait(reasons) },
    });
    const calls = start.map((open) => open(client.caller, 500));
    const origin = side === "caller" ? "local" : "remote";
    const failed = calls.map((call) =>
      fails(call, { code: "DEADLINE_EXCEEDED", processed: "maybe", origin }),
    );
    await until(() => server.started.length === calls.length, "the handlers run");
    await clocks[side].advance(499);
    await turns(50);
    same(reasons, [], "handlers that were told before the deadline");
    await clocks[side].advance(1);
    await Promise.all(failed);
    await until(() => reasons.length === calls.length, "the handlers were told");
    same(
      reasons,
      ["deadline", "deadline", "deadline"],
      `why their signals aborted when the ${side}'s clock was first`,
    );
    await until(() => client.session.openCalls === 0, "the calls are over");
  }
}

async function deadlineOfAnEvent(rig: Rig): Promise<void> {
  const clock = new FakeClock();
  const deciding = gate();
  const { client, server, links } = await rig.peers({
    client: { clock },
    server: { guard: () => deciding.promise, handlers: { note: () => undefined } },
  });
  const sent = client.caller.event("note", { timeout: 300 });
  const failed = fails(sent, { code: "DEADLINE_EXCEEDED", processed: "maybe" });
  await until(() => server.session.openCalls === 1, "the event has come");
  await clock.advance(300);
  await failed;
  await until(() => links.far.received.of(FrameType.CANCEL) === 1, "the CANCEL has come");
  same(server.session.runningHandlers, 1, "what is still being decided");
  deciding.open();
  await until(() => server.session.runningHandlers === 0, "it was decided");
  same(server.started, [], "handlers that ran for an event whose sender had given it up");
}

async function longDeadlines(rig: Rig): Promise<void> {
  const clock = new FakeClock();
  const hour = 3_600_000;
  const day = 24 * hour;
  const limits = { heartbeat: hour, deadAfter: 2 * hour };
  const { client } = await rig.peers({
    client: { clock, limits },
    server: { limits, handlers: handlersThatWait([]) },
  });
  let failed = 0;
  const calls = [2 ** 31, 2 ** 31 - 1, 2 ** 40, day].map((timeout) =>
    client.caller.request("ask", { timeout }).catch((reason: unknown) => {
      failed++;
      return SluiceError.is(reason) && reason.code;
    }),
  );
  for (let hours = 1; hours < 24; hours++) {
    await clock.advance(hour);
    // A sign of life, so that nobody takes the silence for a link that is dead.
    await within(client.session.ping(), "the answer to a PING");
  }
  await clock.advance(hour - 1);
  await turns(20);
  same(failed, 0, "calls that failed before the longest deadline that there is");
  await clock.advance(1);
  const codes = await within(Promise.all(calls), "all deadlines");
  same(
    codes,
    calls.map(() => "DEADLINE_EXCEEDED"),
    "codes after 24 h",
  );
}

/** Cases of deadlines. */
export const deadlineCases: readonly SuiteCase[] = [
  { id: "CA-14", title: "a deadline travels as what is left of it", run: deadlineTravels },
  { id: "CA-15", title: "a deadline ends a call at whichever end it passes first", run: deadlinePasses },
  { id: "CA-15", title: "a deadline ends an event that is still being decided", run: deadlineOfAnEvent },
  { id: "CA-16", title: "a deadline may be as long as anyone likes, and is cut at 24 h", run: longDeadlines },
];
