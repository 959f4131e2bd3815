/**
 * DR: a peer that takes no new calls, lets running ones finish, and goes. Spec: docs/wire.md §4.15.
 *
 * Each case runs in both roles: the acceptor drains, then the connector.
 */
import { type DrainFrame, FrameType } from "../../../frame/frame.ts";
import type { Link } from "../../../link/link.ts";
import { FakeClock } from "../../fake-clock.ts";
import { aborted, check, fails, gate, same, settle, turns, until, within } from "../expect.ts";
import type { FramePeer } from "../frame-peer.ts";
import type { PeerOptions, Rig } from "../rig.ts";
import type { SuiteCase } from "../suite-case.ts";
import type { SuiteHandler, SuitePeer } from "../suite-peer.ts";

type Role = "server" | "client";
const roles: readonly Role[] = ["server", "client"];

const none = { code: "UNAVAILABLE", processed: "no" } as const;
const maybe = { code: "UNAVAILABLE", processed: "maybe" } as const;

/** A session in which the peer of `role` serves `handlers` and drains, and the other one calls. */
async function drainer(
  rig: Rig,
  role: Role,
  handlers: Readonly<Record<string, SuiteHandler>>,
  more: { readonly draining?: PeerOptions; readonly calling?: PeerOptions } = {},
) {
  const draining = { handlers, ...more.draining };
  const { client, server, links } = await rig.peers(
    role === "server"
      ? { server: draining, client: more.calling ?? {} }
      : { client: draining, server: more.calling ?? {} },
  );
  return role === "server"
    ? { ours: server, theirs: client, link: links.far }
    : { ours: client, theirs: server, link: links.near };
}

/** A frame peer that calls a session of `role`. `first` is the id of its first call. */
async function framesTo(rig: Rig, role: Role, options: PeerOptions) {
  let frames: FramePeer;
  let ours: SuitePeer;
  if (role === "server") {
    const made = await rig.framesToServer(options);
    frames = made.frames;
    frames.send(frames.hello());
    await frames.next(FrameType.WELCOME);
    ours = await made.accepting;
  } else {
    const made = await rig.framesToClient(options);
    frames = made.frames;
    frames.send(frames.welcome());
    ours = await made.connecting;
  }
  return { frames, ours, first: role === "server" ? 1 : 2 };
}

/** A DRAIN says what is left of its grace when it is sent, in whole ms. */
function checkGrace(said: number | undefined, given: number): void {
  const isRest = Number.isInteger(said) && (said as number) > 0 && (said as number) <= given;
  check(isRest, `DRAIN says what is left of ${given} ms of grace: ${said}`);
}

async function callsThatCrossIt(rig: Rig): Promise<void> {
  for (const role of roles) {
    const { frames, ours, first } = await framesTo(rig, role, { handlers: { nothing: () => undefined } });
    void ours.session.drain(1_000, 250);
    // More than an abuser may have refused: who has not seen the DRAIN yet is none.
    const ids = Array.from({ length: 150 }, (_, at) => first + 2 * at);
    frames.send(...ids.map((id) => frames.open(id, "nothing")));
    const { grace, retry } = await frames.next(FrameType.DRAIN);
    same(retry, 250, "retry of the DRAIN");
    checkGrace(grace, 1_000);
    for (const id of ids) {
      const { code, processed } = (await frames.next(FrameType.ERROR, id)).body;
      if (code !== "UNAVAILABLE" || processed !== "no") throw new Error(`Call ${id}: ${code}, ${processed}`);
    }
    await frames.proveLife();
    same([ours.started, ours.session.runningHandlers], [[], 0], "handlers that ran for calls behind a DRAIN");
  }
}

async function idleIsDrainedWhenHeard(rig: Rig): Promise<void> {
  for (const role of roles) {
    const { ours, theirs } = await drainer(rig, role, { nothing: () => undefined });
    await theirs.caller.request("nothing");
    await until(() => ours.session.openCalls === 0, "the call is over");
    const told: [grace: number, retry: number][] = [];
    theirs.session.listener = {
      draining(...said) {
        told.push(said);
      },
    };
    await within(ours.session.drain(700, 30), "an idle session has drained");
    await until(() => theirs.session.state.name === "draining", "the peer knows");
    same(
      told.map(([, retry]) => retry),
      [30],
      "retry of what the peer was told, once",
    );
    for (const [grace] of told) checkGrace(grace, 700);
    const state = { name: "draining", ours: true, theirs: false, retry: 0 };
    same(ours.session.state, state, "the state of who drains");
    same(theirs.session.state, { ...state, ours: false, theirs: true, retry: 30 }, "the state of its peer");
  }
}

async function runningCallsFinish(rig: Rig): Promise<void> {
  for (const role of roles) {
    const going = gate();
    const { ours, theirs } = await drainer(
      rig,
      role,
      {
        async ask({ param, client }) {
          await going.promise;
          await client.request("nothing");
          return [param, "called back"];
        },
        async watch({ writable }) {
          const writer = writable.getWriter();
          await going.promise;
          for (let item = 0; item < 200; item++) await writer.write(item);
          return "watched";
        },
        async upload({ readable }) {
          let count = 0;
          for await (const _ of readable) count++;
          return count;
        },
      },
      { calling: { handlers: { nothing: () => undefined } } },
    );
    const asked = theirs.caller.request("ask", { param: "asked" });
    const stream = theirs.caller.items("watch", "stream", {});
    const upload = theirs.caller.items("upload", "channel", {});
    await until(() => ours.started.length === 3, "the handlers run");
    let isDrained = false;
    const drained = ours.session.drain(30_000).then(() => {
      isDrained = true;
    });
    await until(() => theirs.session.state.name === "draining", "the peer knows");
    going.open();
    // Who drains may still call: its handlers need that to finish.
    same(
      await within(asked, "the result of a request"),
      ["asked", "called back"],
      "a request, and the call back of its handler",
    );
    let next = 0;
    for await (const item of stream.readable) same(item, next++, "an item");
    same([next, await stream], [200, "watched"], "items and result of a stream");
    same(isDrained, false, "whether it has drained while an upload runs");
    for (let item = 0; item < 200; item++) await upload.send(new Uint8Array(1));
    await upload.writable.close();
    same(await within(upload, "the result of an upload"), 200, "items of an upload that were heard");
    await within(drained, "the session has drained");
    same(ours.session.runningHandlers, 0, "handlers that run");
  }
}

async function overTimeIsCutOff(rig: Rig): Promise<void> {
  for (const role of roles) {
    const reasons: unknown[] = [];
    const going = gate();
    const { ours, theirs } = await drainer(rig, role, {
      async ask({ signal }) {
        await aborted(signal);
        reasons.push(signal.reason);
      },
      // Does not look at its signal.
      watch: () => going.promise,
    });
    const slow = fails(theirs.caller.request("ask"), maybe);
    const stubborn = fails(theirs.caller.items("watch", "stream", {}).result, maybe);
    await until(() => ours.started.length === 2, "the handlers run");
    const drained = ours.session.drain(10);
    // The owner of a session measures its grace; here it is over.
    ours.close();
    await Promise.all([slow, stubborn]);
    await within(drained, "draining is over with the session, whatever a handler does");
    await until(() => reasons.length === 1, "the handler was told");
    same(
      [reasons, ours.session.runningHandlers],
      [["shutdown"], 1],
      "what handlers were told, and which still run",
    );
    going.open();
    await within(ours.session.rest.whenSettled(), "the last handler has settled");
  }
}

async function linkThatDoesNotClose(rig: Rig): Promise<void> {
  const clock = new FakeClock();
  const { near, far } = await rig.link();
  // Everything as ever, but that it never ends by itself.
  const endless: Link = {
    kind: far.kind,
    info: far.info,
    utf8: far.utf8,
    get room() {
      return far.room;
    },
    get inbound() {
      return far.inbound;
    },
    get unfinished() {
      return far.unfinished;
    },
    receive: (receiver) => far.receive(receiver),
    send: (frame) => far.send(frame),
    close: () => {},
    destroy: (error) => far.destroy(error),
  };
  const [client, server] = await within(
    Promise.all([rig.connectPeer(near), rig.acceptPeer(endless, { clock })]),
    "the handshake",
  );
  await within(server.session.drain(1_000), "an idle session has drained");
  server.close();
  same(server.session.state.name, "closed", "the session whose link does not close");
  await within(server.session.rest.whenSettled(), "nothing of it is left");
  // A CLOSE ends the session at the other side too, which closes its own end of the link.
  await until(() => client.session.state.name === "closed", "its peer knows");
  await clock.advance(5_000);
  same(clock.armedTimers, 0, "timers that are left when the link was cut");
}

async function twiceIsOnce(rig: Rig): Promise<void> {
  for (const role of roles) {
    const going = gate();
    const { ours, theirs, link } = await drainer(rig, role, { ask: () => going.promise });
    const asked = theirs.caller.request("ask");
    await until(() => ours.started.length === 1, "the handler runs");
    const drained = [ours.session.drain(1_000), ours.session.drain(2_000)];
    await until(() => theirs.session.state.name === "draining", "the peer knows");
    drained.push(theirs.session.drain(1_000), ours.session.drain(3_000));
    going.open();
    await within(asked, "the result");
    await within(Promise.all(drained), "both have drained, each as often as it was told");
    await until(() => link.received.of(FrameType.DRAIN) === 1, "the peer's DRAIN has come");
    await turns(20);
    same([link.sent.of(FrameType.DRAIN), link.received.of(FrameType.DRAIN)], [1, 1], "DRAINs of both sides");
  }
}

async function secondDrainFrame(rig: Rig): Promise<void> {
  for (const role of roles) {
    const { frames, ours } = await framesTo(rig, role, {});
    const told: number[] = [];
    ours.session.listener = { draining: (grace) => told.push(grace) };
    const drain = (grace: number): DrainFrame => ({ type: FrameType.DRAIN, call: 0, grace, retry: 0 });
    frames.send(drain(5), drain(6), drain(7));
    await frames.proveLife();
    same(told, [5], "what the owner was told of three DRAINs");
  }
}

async function newCallsAreRefused(rig: Rig): Promise<void> {
  for (const role of roles) {
    const going = gate();
    const { ours, theirs } = await drainer(
      rig,
      role,
      { ask: () => going.promise, nothing: () => undefined },
      { draining: { limits: { limits: { maxConcurrentHandlers: 1 } } } },
    );
    const running = settle(theirs.caller.request("ask"));
    await until(() => ours.started.length === 1, "the handler runs");
    const waiting = [theirs.caller.request("nothing"), theirs.caller.request("nothing")].map((call) =>
      fails(call, none),
    );
    void ours.session.drain(1_000);
    await Promise.all(waiting);
    await fails(theirs.caller.request("nothing"), none);
    await fails(theirs.caller.event("note"), none);
    await fails(theirs.caller.items("watch", "stream", {}).result, none);
    same(theirs.session.openCalls, 1, "calls that are open");
    going.open();
    check("value" in (await within(running, "the running call")), "the running call finishes");
    same(ours.started, ["ask"], "handlers that ran");
  }
}

/** Cases of drain. */
export const drainCases: readonly SuiteCase[] = [
  { id: "DR-1", title: "calls that cross a DRAIN are refused, and are no abuse", run: callsThatCrossIt },
  {
    id: "DR-2",
    title: "an idle session is drained as soon as its peer has heard of it",
    run: idleIsDrainedWhenHeard,
  },
  { id: "DR-3", title: "calls that run finish, with all their items", run: runningCallsFinish },
  { id: "DR-4", title: "what takes too long is cut off, and nobody waits for it", run: overTimeIsCutOff },
  { id: "DR-4", title: "a link that does not close is cut", run: linkThatDoesNotClose },
  { id: "DR-5", title: "draining twice says it once, and both sides may", run: twiceIsOnce },
  { id: "DR-5", title: "a second DRAIN changes nothing", run: secondDrainFrame },
  { id: "DR-6", title: "new calls are refused, also those that waited", run: newCallsAreRefused },
];
