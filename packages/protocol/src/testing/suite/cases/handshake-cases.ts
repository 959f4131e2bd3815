/**
 * HS: who talks to whom, in which version and codec, and who is refused. Spec: docs/wire.md §3.1.
 */
import { jsonCodec } from "../../../codec/json-codec.ts";
import { SluiceError } from "../../../errors/sluice-error.ts";
import { type Frame, FrameType } from "../../../frame/frame.ts";
import { FakeClock } from "../../fake-clock.ts";
import { check, fails, gate, same, until } from "../expect.ts";
import type { FramePeer } from "../frame-peer.ts";
import type { Rig } from "../rig.ts";
import type { SuiteCase } from "../suite-case.ts";

const handlers = { ask: ({ param }: { param: unknown }) => param };

async function bothKnowEachOther(rig: Rig): Promise<void> {
  const limits = { limits: { maxMessage: 123_456 } };
  const { client, server } = await rig.peers({ server: { handlers, limits }, client: { handlers } });
  same([client.session.peer.name, server.session.peer.name], ["server", "client"], "names of the peers");
  check(/^[0-9a-f]{16}$/.test(client.session.peer.epoch), "the epoch is 16 hex digits");
  same(client.session.peerLimits.maxMessage, 123_456, "the limit that the server said");
  same(client.session.encoding.kind, rig.kind === "structured" ? "structured" : "bytes", "the encoding");
  same(
    await client.caller.request("ask", { param: ["to the server"] }),
    ["to the server"],
    "the client's call",
  );
  same(
    await server.caller.request("ask", { param: ["to the client"] }),
    ["to the client"],
    "the server's call",
  );
}

async function versionIsAgreed(rig: Rig): Promise<void> {
  const { frames, accepting } = await rig.framesToServer();
  frames.send(frames.hello({ versions: [7, 1] }));
  const { welcome } = await frames.next(FrameType.WELCOME);
  same((welcome as { version: unknown }).version, 1, "the version in use");
  await accepting;
}

async function versionIsRefused(rig: Rig): Promise<void> {
  const { frames, accepting } = await rig.framesToServer({ handlers });
  frames.send(frames.hello({ versions: [2, 3] }));
  const { code, versions } = await frames.next(FrameType.CLOSE);
  same([code, versions], ["VERSION_UNSUPPORTED", [1]], "what CLOSE says");
  await until(() => frames.isClosed, "the link has ended");
  await fails(accepting, { code: "VERSION_UNSUPPORTED" });

  const refused = await rig.framesToClient();
  const close = {
    type: FrameType.CLOSE,
    call: 0,
    code: "VERSION_UNSUPPORTED",
    reason: "",
    versions: [2],
  } as const;
  refused.frames.send(close);
  await fails(refused.connecting, { code: "VERSION_UNSUPPORTED", processed: "no" });

  const strange = await rig.framesToClient();
  strange.frames.send(strange.frames.welcome({ version: 2 }));
  await fails(strange.connecting, { code: "PROTOCOL_ERROR" });
}

async function codecIsChosen(rig: Rig): Promise<void> {
  const other = { ...jsonCodec, name: "other" };
  const { client, server } = await rig.peers({
    client: { codecs: [other, jsonCodec] },
    server: { codecs: [jsonCodec, other], handlers },
  });
  for (const { session } of [client, server]) {
    const { encoding } = session;
    same(encoding.kind === "bytes" && encoding.codec.name, "other", "the connector's best codec is used");
  }
  same(await client.caller.request("ask", { param: 1 }), 1, "a call");
}

async function codecIsRefused(rig: Rig): Promise<void> {
  const { near, far } = await rig.link();
  const accepting = rig.acceptPeer(far, { codecs: [{ ...jsonCodec, name: "one" }] });
  const connecting = rig.connectPeer(near, { codecs: [{ ...jsonCodec, name: "other" }] });
  await Promise.all([
    fails(connecting, { code: "FAILED_PRECONDITION", processed: "no" }),
    fails(accepting, { code: "FAILED_PRECONDITION" }),
  ]);
}

async function silenceTimesOut(rig: Rig): Promise<void> {
  const serverClock = new FakeClock();
  const silent = await rig.framesToServer({ clock: serverClock });
  await serverClock.advance(4_999);
  check(!silent.frames.isClosed, "the acceptor is patient for 5 s");
  await serverClock.advance(1);
  same(await silent.frames.closing(), "HANDSHAKE_TIMEOUT", "the code of CLOSE");
  await fails(silent.accepting, { code: "HANDSHAKE_TIMEOUT" });

  const clientClock = new FakeClock();
  const mute = await rig.framesToClient({ clock: clientClock });
  await mute.frames.next(FrameType.HELLO);
  await clientClock.advance(5_000);
  await fails(mute.connecting, { code: "HANDSHAKE_TIMEOUT", processed: "no" });
  await until(() => mute.frames.isClosed, "the connector has ended the link");
}

/** Frames that nobody may send before the handshake is over. */
const early: readonly (readonly [name: string, make: (frames: FramePeer) => Frame])[] = [
  ["OPEN", (frames) => frames.open(1, "ask")],
  ["DATA", (frames) => frames.data(1, 64, 300)],
  ["CREDIT", () => ({ type: FrameType.CREDIT, call: 1, received: 0, limit: 1_024 })],
  ["PING", () => ({ type: FrameType.PING, call: 0, answer: false, nonce: 1 })],
  ["CANCEL", () => ({ type: FrameType.CANCEL, call: 1, abort: true, reason: "" })],
  ["END", () => ({ type: FrameType.END, call: 1, offset: 0 })],
];

async function nothingGoesBeforeHello(rig: Rig): Promise<void> {
  const ran: string[] = [];
  const serve = { ask: () => void ran.push("ask") };
  for (const [name, make] of early) {
    const { frames, accepting } = await rig.framesToServer({ handlers: serve });
    frames.send(make(frames), frames.hello());
    same(await frames.closing(), "PROTOCOL_ERROR", `the code of CLOSE after ${name} instead of HELLO`);
    await fails(accepting, { code: "PROTOCOL_ERROR" });
  }
  same(ran, [], "handlers that ran");
}

async function nothingGoesBeforeWelcome(rig: Rig): Promise<void> {
  for (const [, make] of early) {
    const { frames, connecting } = await rig.framesToClient({ handlers });
    frames.send(make(frames), frames.welcome());
    await fails(connecting, { code: "PROTOCOL_ERROR" });
    await until(() => frames.isClosed, "the connector has ended the link");
  }
}

async function secondHelloIsRefused(rig: Rig): Promise<void> {
  const deciding = gate();
  const hasty = await rig.framesToServer({ authenticate: () => deciding.promise });
  hasty.frames.send(hasty.frames.hello(), hasty.frames.hello());
  same(await hasty.frames.closing(), "PROTOCOL_ERROR", "the code of CLOSE after two HELLOs at once");
  deciding.open();
  await fails(hasty.accepting, { code: "PROTOCOL_ERROR" });

  const late = await rig.framesToServer();
  late.frames.send(late.frames.hello());
  await late.frames.next(FrameType.WELCOME);
  await late.accepting;
  late.frames.send(late.frames.hello());
  same(await late.frames.closing(), "PROTOCOL_ERROR", "the code of CLOSE after a HELLO inside the session");
}

async function credentialsAreJudged(rig: Rig): Promise<void> {
  const seen: unknown[] = [];
  await rig.peers({
    client: { credentials: { token: "t", list: [1] } },
    server: { authenticate: ({ credentials }) => void seen.push(credentials) },
  });
  same(seen, [{ token: "t", list: [1] }], "the credentials that were judged");

  const refusals = [
    [new SluiceError("PERMISSION_DENIED", "not you"), { code: "PERMISSION_DENIED", says: ["not you"] }],
    [new Error("the password is 1234"), { code: "UNAUTHENTICATED", says: [] }],
  ] as const;
  for (const [thrown, expected] of refusals) {
    const { near, far } = await rig.link();
    const accepting = rig.acceptPeer(far, {
      async authenticate() {
        throw thrown;
      },
    });
    const connecting = rig.connectPeer(near);
    const [told] = await Promise.all([
      fails(connecting, expected),
      fails(accepting, { code: expected.code }),
    ]);
    check(!told.message.includes("1234"), "what a judge throws stays home");
  }
}

async function judgementHangs(rig: Rig): Promise<void> {
  const clock = new FakeClock();
  const asked = gate();
  const deciding = gate();
  const authenticate = (): Promise<void> => {
    asked.open();
    return deciding.promise;
  };
  const { near, far } = await rig.link();
  const accepting = rig.acceptPeer(far, { clock, authenticate });
  const connecting = rig.connectPeer(near);
  const outcomes = [
    fails(accepting, { code: "HANDSHAKE_TIMEOUT" }),
    fails(connecting, { code: "HANDSHAKE_TIMEOUT" }),
  ];
  await asked.promise;
  await clock.advance(5_000);
  await Promise.all(outcomes);
  deciding.open();
}

async function linkIsLostDuringJudgement(rig: Rig): Promise<void> {
  const deciding = gate();
  const asked = gate();
  const { near, far } = await rig.link();
  const accepting = rig.acceptPeer(far, {
    authenticate() {
      asked.open();
      return deciding.promise;
    },
  });
  const connecting = rig.connectPeer(near);
  const outcomes = [
    fails(accepting, { code: "UNAVAILABLE" }),
    fails(connecting, { code: "UNAVAILABLE", processed: "no" }),
  ];
  await asked.promise;
  near.destroy();
  await Promise.all(outcomes);
  deciding.open();
}

async function unknownMembersAreIgnored(rig: Rig): Promise<void> {
  const { frames, accepting } = await rig.framesToServer({ handlers });
  const capabilities = Array.from({ length: 100 }, (_, at) => `capability-${at}`);
  frames.send(frames.hello({ capabilities, future: { nested: [null] } }));
  await frames.next(FrameType.WELCOME);
  frames.send(frames.open(1, "ask"));
  await frames.next(FrameType.RESULT);
  await accepting;

  const { frames: acceptor, connecting } = await rig.framesToClient();
  acceptor.send(acceptor.welcome({ capabilities, future: { nested: [null] } }));
  await connecting;
}

/** Cases of the handshake. */
export const handshakeCases: readonly SuiteCase[] = [
  { id: "HS-1", title: "peers know each other, and call each other", run: bothKnowEachOther },
  { id: "HS-2", title: "a version in common is found", run: versionIsAgreed },
  { id: "HS-2", title: "without a version in common nobody goes on", run: versionIsRefused },
  { id: "HS-3", title: "the connector's best codec in common is used", needs: "binary", run: codecIsChosen },
  { id: "HS-3", title: "without a codec in common nobody goes on", needs: "binary", run: codecIsRefused },
  { id: "HS-4", title: "silence before HELLO and before WELCOME times out", run: silenceTimesOut },
  { id: "HS-5", title: "nothing but HELLO comes first, and no handler runs", run: nothingGoesBeforeHello },
  { id: "HS-5", title: "nothing but WELCOME answers a HELLO", run: nothingGoesBeforeWelcome },
  { id: "HS-6", title: "a second HELLO ends the link", run: secondHelloIsRefused },
  {
    id: "HS-7",
    title: "credentials are judged, and what a judge throws stays home",
    run: credentialsAreJudged,
  },
  { id: "HS-7", title: "a judgement that hangs times out", run: judgementHangs },
  {
    id: "HS-7",
    title: "a link that is lost during the judgement leaves nothing",
    run: linkIsLostDuringJudgement,
  },
  { id: "HS-9", title: "members that are not known are ignored", run: unknownMembersAreIgnored },
];
