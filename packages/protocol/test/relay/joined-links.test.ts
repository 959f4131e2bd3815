/** Two joined links: what passes under which id, when reading stops, and how both end. */
import { describe, expect, test } from "vitest";
import { SluiceError } from "../../src/errors/sluice-error.ts";
import { type Frame, FrameType } from "../../src/frame/frame.ts";
import { resolveLimits } from "../../src/limits.ts";
import { ByteLink } from "../../src/link/byte-link.ts";
import { JoinedLinks } from "../../src/relay/joined-links.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { FakeByteDuplex } from "../link/fake-byte-duplex.ts";
import { cancel, credit, data, end, error, open, value } from "../session/frames.ts";
import { settle } from "../session/settle.ts";
import { HeldLink } from "./held-link.ts";

const hello: Frame = { type: FrameType.HELLO, call: 0, hello: { peer: "ann", credentials: { key: 7 } } };
const welcome: Frame = { type: FrameType.WELCOME, call: 0, welcome: { peer: "server" } };
const done = (...calls: number[]): Frame => ({ type: FrameType.DONE, call: 0, rest: false, calls });

interface Rig {
  readonly client: HeldLink;
  readonly server: HeldLink;
  readonly joined: JoinedLinks;
  readonly clock: FakeClock;
}

function rig({ kind = "structured", isWatched = false, shakesHands = true } = {}): Rig {
  const clock = new FakeClock();
  const [client, server] = [new HeldLink(kind as "structured"), new HeldLink(kind as "structured")];
  if (isWatched) client.inbound = server.inbound = 0;
  const joined = new JoinedLinks(client, server, { limits: resolveLimits({ deadAfter: 30_000 }), clock });
  if (shakesHands) {
    client.bring(hello);
    server.bring(welcome);
    client.take();
    server.take();
  }
  return { client, server, joined, clock };
}

/** The code and the text of a CLOSE. */
function closing(frame: Frame | undefined): unknown {
  return frame?.type === FrameType.CLOSE ? [frame.code, frame.reason] : frame;
}

describe("JoinedLinks passes", () => {
  test("the handshake and frames of no call as they are", () => {
    const { client, server } = rig({ shakesHands: false });
    const ping: Frame = { type: FrameType.PING, call: 0, answer: false, nonce: 9 };
    const drain: Frame = { type: FrameType.DRAIN, call: 0, grace: 5, retry: 1 };
    const close: Frame = { type: FrameType.CLOSE, call: 0, code: "UNAVAILABLE", reason: "gone" };
    client.bring(hello, ping);
    server.bring(welcome, { ...ping, answer: true }, drain, close);
    expect(server.take()).toEqual([hello, ping]);
    expect(client.take()).toEqual([welcome, { ...ping, answer: true }, drain, close]);
    expect([client.state, server.state]).toEqual(["open", "open"]);
  });

  test("what comes before WELCOME under its own id: the ends judge it", () => {
    const { client, server, joined } = rig({ shakesHands: false });
    client.bring(credit(0, 5, 9), open({ call: 4 }), done(7));
    expect(server.take()).toEqual([credit(0, 5, 9), open({ call: 4 }), done(7)]);
    expect(joined.openCalls).toBe(0);
  });

  test("calls of both peers, each under an id of its own on each link", () => {
    const { client, server, joined } = rig();
    client.bring(open({ call: 5 }), value(64, "up", 260, false));
    expect(server.take()).toEqual([open({ call: 1 })]);
    client.bring({ ...value(64, "up", 260), call: 5 }, end(388, 5), cancel(false, 5), credit(0, 9, 5));
    expect(server.take()).toEqual([
      { ...value(64, "up", 260), call: 1 },
      end(388, 1),
      cancel(false, 1),
      credit(0, 9, 1),
    ]);
    server.bring(
      credit(64, 900, 1),
      { ...value(0, "down", 264), call: 1 },
      open({ call: 2 }),
      open({ call: 8 }),
    );
    expect(client.take()).toEqual([
      credit(64, 900, 5),
      { ...value(0, "down", 264), call: 5 },
      open({ call: 2 }),
      open({ call: 4 }),
    ]);
    client.bring(error(0, {}, 4), { type: FrameType.ACCEPT, call: 2, body: { peer: "ann" } });
    expect(server.take()).toEqual([
      error(0, {}, 8),
      { type: FrameType.ACCEPT, call: 2, body: { peer: "ann" } },
    ]);
    expect(joined.openCalls).toBe(3);
  });

  test("payloads that a link may keep as copies: the one that brought them uses its memory again", () => {
    const { client, server } = rig({ kind: "binary" });
    const bytes = new Uint8Array(5000).fill(7);
    const payload = { payload: bytes, start: 2, end: 4098, total: 4096 };
    client.bring(open({ call: 3, ...payload }), { ...data(64, bytes), ...payload, call: 3 });
    server.bring({ ...error(0, {}, 1), payload: bytes, start: 2, end: 4098 });
    bytes.fill(0);
    for (const frame of [...server.take(), ...client.take()]) {
      const {
        payload: copy,
        start,
        end: until,
      } = frame as { payload: Uint8Array; start: number; end: number };
      expect(copy.subarray(start, until)).toEqual(new Uint8Array(4096).fill(7));
    }
  });

  test("DONE under the other link's ids, after which both are free", () => {
    const { client, server, joined } = rig();
    client.bring(open({ call: 3 }), open({ call: 7 }), open({ call: 9 }));
    server.take();
    client.bring(done(9, 3), { type: FrameType.DONE, call: 0, rest: true, calls: [] });
    expect(server.take()).toEqual([done(5, 1), { type: FrameType.DONE, call: 0, rest: true, calls: [] }]);
    expect(joined.openCalls).toBe(1);
    // Twice is once: nobody there knows of it.
    client.bring(done(3));
    expect(server.take()).toEqual([]);
    client.bring(done(3, 7), done());
    expect(server.take()).toEqual([done(3), done()]);
    expect(joined.openCalls).toBe(0);
  });

  test("an ERROR, whose callee still keeps what it sent, until DONE; one of a circuit ends the call here", () => {
    const { client, server, joined } = rig();
    client.bring(open({ call: 1 }), open({ call: 3 }));
    server.bring(error(0, {}, 1), { ...error(0, { code: "UNAVAILABLE" }, 3), circuit: true });
    expect(joined.openCalls).toBe(1);
    client.bring(credit(0, 5, 1), done(1));
    expect(server.take().slice(2)).toEqual([credit(0, 5, 1), done(1)]);
    expect(joined.openCalls).toBe(0);
  });

  test("calls without a slot that nobody confirms, and keeps the last 256 of them", () => {
    const { client, server, joined } = rig();
    const noRoom = { code: "RESOURCE_EXHAUSTED", processed: "no", retryable: true };
    for (let call = 1; call < 2_000; call += 2) {
      client.bring(open({ call }));
      server.bring(error(0, noRoom, call));
    }
    expect(joined.openCalls).toBe(256);
    // One that had been answered is over as any other: its DONE will come.
    for (let call = 2_001; call < 2_601; call += 2) {
      client.bring(open({ call }));
      server.bring(credit(64, 64, call), error(64, noRoom, call));
    }
    expect(joined.openCalls).toBe(256 + 300);
  });

  test("frames of calls that are over to who counts them", () => {
    const { client, server } = rig();
    client.bring(open({ call: 5 }));
    server.take();
    client.bring(credit(0, 1, 3));
    expect(server.take()).toEqual([]);
    client.bring(done(5), credit(0, 1, 5), credit(0, 1, 3));
    expect(server.take()).toEqual([done(1), credit(0, 1, 1), credit(0, 1, 1)]);
    server.bring(credit(0, 1, 1));
    expect(client.take()).toEqual([credit(0, 1, 5)]);
  });
});

describe("JoinedLinks refuses", () => {
  test("more calls than it keeps, before anybody else knows of them", () => {
    const { client, server, joined } = rig();
    const most = resolveLimits().maxCalls + 1_024;
    for (let at = 0; at < most; at++) client.bring(open({ call: 1 + 2 * at }));
    expect(server.take()).toHaveLength(most);
    client.bring(open({ call: 2 * most + 1 }), credit(0, 1, 2 * most + 1));
    expect(server.take()).toEqual([]);
    expect(client.take()).toMatchObject([
      {
        type: FrameType.ERROR,
        call: 2 * most + 1,
        offset: 0,
        circuit: false,
        body: { code: "RESOURCE_EXHAUSTED", processed: "no", retryable: true, origin: "relay" },
      },
    ]);
    client.bring(done(1), open({ call: 2 * most + 3 }));
    expect(server.take()).toHaveLength(2);
    expect(joined.openCalls).toBe(most);
  });

  test.each<[string, Frame]>([
    ["an OPEN under an id of the relay", open({ call: 2 })],
    ["an OPEN that does not ascend", open({ call: 3 })],
    ["a frame of a call that never was", credit(0, 1, 5)],
    ["a DONE of a call that never was", done(5)],
  ])("%s, and both sessions end", (_, frame) => {
    const { client, server } = rig();
    client.bring(open({ call: 3 }));
    server.take();
    client.bring(frame);
    for (const link of [client, server]) {
      expect(link.take().map(closing)).toEqual([["PROTOCOL_ERROR", expect.any(String)]]);
      expect(link.state).toBe("closing");
    }
  });

  test("bytes that are no frames, and both sessions end", () => {
    const { client, server } = rig();
    server.receiver.malformed(new SluiceError("FRAME_TOO_LARGE", "Cannot accept it"));
    for (const link of [client, server]) {
      expect(link.take().map(closing)).toEqual([["FRAME_TOO_LARGE", "Cannot accept it"]]);
      expect(link.state).toBe("closing");
    }
    client.bring(open({ call: 9 }));
    expect(server.take()).toEqual([]);
  });

  test("links of two kinds", () => {
    const options = { limits: resolveLimits(), clock: new FakeClock() };
    expect(() => new JoinedLinks(new HeldLink("binary"), new HeldLink("structured"), options)).toThrow(
      TypeError,
    );
  });
});

describe("JoinedLinks does not read", () => {
  test("the one while the other has no room, and neither is held up by its own", () => {
    const { client, server } = rig();
    server.room = 1;
    client.bring(open({ call: 1 }));
    expect([client.isPaused, server.isPaused]).toEqual([false, false]);
    server.room = 0;
    // What was read already still comes, and passes.
    client.bring(credit(0, 1), credit(0, 2));
    expect(server.take()).toHaveLength(3);
    expect([client.isPaused, client.pauses, server.isPaused]).toEqual([true, 1, false]);
    server.bring(credit(0, 3));
    expect(client.take()).toEqual([credit(0, 3)]);
    server.room = 10;
    server.receiver.writable();
    expect(client.isPaused).toBe(false);
    client.room = -5;
    server.bring(credit(0, 4));
    expect([client.isPaused, server.isPaused]).toEqual([false, true]);
  });

  test("and reads again what is to be ended, so that its end is heard of", () => {
    const { client, server } = rig();
    server.room = 0;
    client.bring(open({ call: 1 }));
    expect(client.isPaused).toBe(true);
    server.end();
    expect([client.isPaused, client.state]).toEqual([false, "closing"]);
  });

  test("from carriers that can stop", () => {
    class StoppingDuplex extends FakeByteDuplex {
      pause(): void {
        this.calls.push("pause");
      }
      resume(): void {
        this.calls.push("resume");
      }
    }
    const [near, far] = [new StoppingDuplex(), new StoppingDuplex()];
    const clock = new FakeClock();
    new JoinedLinks(new ByteLink(near), new ByteLink(far), { limits: resolveLimits(), clock });
    far.hasRoom = false;
    const bytes = new Uint8Array(60_000);
    near.deliver(hello);
    far.endTurn();
    near.deliver({ ...data(0, bytes), call: 1 });
    expect([near.calls, far.calls]).toEqual([
      ["start", "pause"],
      ["start", "write"],
    ]);
    far.hasRoom = true;
    far.events.drained();
    expect([near.calls.at(-1), far.calls]).toEqual(["resume", ["start", "write", "write"]]);
  });
});

describe("JoinedLinks ends", () => {
  test.each(["client", "server"] as const)(
    "both links when the %s's is lost, without a word",
    async (lost) => {
      const { joined, clock, ...links } = rig();
      const other = links[lost === "client" ? "server" : "client"];
      let isClosed = false;
      void joined.closed.then(() => {
        isClosed = true;
      });
      links.client.bring(open({ call: 1 }));
      other.take();
      links[lost].end(new SluiceError("UNAVAILABLE", "The socket failed"));
      expect([other.take(), other.state]).toEqual([[], "closing"]);
      await settle();
      expect(isClosed).toBe(false);
      other.end();
      await settle();
      expect([isClosed, clock.armedTimers]).toEqual([true, 0]);
    },
  );

  test("by its owner, without a word; a link that lingers is cut after 5 s", async () => {
    const { client, server, joined, clock } = rig();
    joined.close();
    joined.close();
    expect([client.take(), server.take(), client.state, server.state]).toEqual([
      [],
      [],
      "closing",
      "closing",
    ]);
    client.end();
    await clock.advance(4_999);
    expect(server.state).toBe("closing");
    await clock.advance(1);
    expect(server.state).toBe("closed");
    await joined.closed;
    expect(clock.armedTimers).toBe(0);
  });

  test("links over which nothing comes any more", async () => {
    const { client, server, clock } = rig({ isWatched: true });
    await clock.advance(29_999);
    expect(client.state).toBe("open");
    // One that brings something is enough.
    (server.inbound as number)++;
    await clock.advance(30_000);
    expect([client.state, server.state]).toEqual(["open", "open"]);
    await clock.advance(1);
    expect([client.state, server.state, client.take()]).toEqual(["closing", "closing", []]);
  });

  test("no links of peers that were silent because this process was stopped", async () => {
    const { client, clock } = rig({ isWatched: true });
    clock.stopFor(3_600_000);
    await clock.advance(0);
    expect(client.state).toBe("open");
    (client.inbound as number)++;
    await clock.advance(10_000);
    expect(client.state).toBe("open");
  });

  test("no silent links that cannot be cut without a word", async () => {
    const { client, clock } = rig();
    await clock.advance(3_600_000);
    expect([client.state, clock.armedTimers]).toEqual(["open", 0]);
  });
});
