/** A relay: whom it takes, what it says where it cannot go on, and how it ends. */
import { describe, expect, test } from "vitest";
import { SluiceError } from "../../src/errors/sluice-error.ts";
import { type Frame, FrameType } from "../../src/frame/frame.ts";
import type { LimitOptions } from "../../src/limits.ts";
import type { Link } from "../../src/link/link.ts";
import { Relay } from "../../src/relay/relay.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { settle } from "../session/settle.ts";
import { HeldLink } from "./held-link.ts";

const hello: Frame = { type: FrameType.HELLO, call: 0, hello: {} };

/** A relay whose next links a test makes, or refuses to. */
function relayTo(limits: LimitOptions = {}) {
  const clock = new FakeClock();
  const logged: string[] = [];
  const note = (message: string): void => void logged.push(message);
  const attempts: {
    signal: AbortSignal | undefined;
    bring(link: Link): void;
    fail(reason: unknown): void;
  }[] = [];
  const relay = new Relay({
    to: {
      name: "test",
      connect: (options) =>
        new Promise((bring, fail) => void attempts.push({ signal: options?.signal, bring, fail })),
      dispose: async () => {},
    },
    clock,
    logger: { trace: note, debug: note, info: note, warn: note, error: note },
    ...limits,
  });
  return { relay, clock, attempts, logged };
}

type Attempts = ReturnType<typeof relayTo>["attempts"];

function attemptOf(attempts: Attempts, at = 0): Attempts[number] {
  const attempt = attempts[at];
  if (attempt === undefined) throw new Error(`There is no attempt ${at}`);
  return attempt;
}

const codes = (link: HeldLink): unknown[] =>
  link.take().map((frame) => (frame.type === FrameType.CLOSE ? frame.code : frame.type));

describe("a relay", () => {
  test("joins what it accepts with a link of its own, and is done when both are over", async () => {
    const { relay, attempts, clock } = relayTo();
    const [client, server] = [new HeldLink(), new HeldLink()];
    let isOver = false;
    void relay.accept(client).then(() => {
      isOver = true;
    });
    expect(relay.connections).toBe(0);
    attemptOf(attempts).bring(server);
    await settle();
    expect(relay.connections).toBe(1);
    client.bring(hello);
    expect(server.take()).toEqual([hello]);
    client.end();
    await settle();
    expect(isOver).toBe(false);
    server.end();
    await settle();
    expect([isOver, relay.connections, clock.armedTimers]).toEqual([true, 0, 0]);
  });

  test("counts the calls that pass", async () => {
    const { relay, attempts } = relayTo();
    const [client, server] = [new HeldLink(), new HeldLink()];
    void relay.accept(client);
    attemptOf(attempts).bring(server);
    await settle();
    expect(relay.openCalls).toBe(0);
  });

  test("says UNAVAILABLE where its peer cannot be reached, and keeps the reason for its log", async () => {
    const { relay, attempts, logged, clock } = relayTo();
    const client = new HeldLink();
    const accepting = relay.accept(client);
    attemptOf(attempts).fail(new SluiceError("UNAVAILABLE", "connect ENOENT /run/secret.sock"));
    await accepting;
    const [close] = client.take();
    expect(close).toMatchObject({ type: FrameType.CLOSE, code: "UNAVAILABLE" });
    expect(JSON.stringify(close)).not.toContain("secret");
    expect(logged).toEqual(["A link cannot be passed on"]);
    expect(client.state).toBe("closing");
    client.end();
    expect(clock.armedTimers).toBe(0);
  });

  test("gives a link that is not made within handshakeTimeout up, and ends it when it comes after all", async () => {
    const { relay, attempts, clock } = relayTo({ handshakeTimeout: 700 });
    const [client, late] = [new HeldLink(), new HeldLink()];
    const accepting = relay.accept(client);
    await clock.advance(699);
    expect(attemptOf(attempts).signal?.aborted).toBe(false);
    await clock.advance(1);
    await accepting;
    expect([codes(client), attemptOf(attempts).signal?.aborted]).toEqual([["UNAVAILABLE"], true]);
    late.receive({ frame() {}, malformed() {}, flushing() {}, writable() {}, closed() {} });
    attemptOf(attempts).bring(late);
    await settle();
    expect(late.state).toBe("closed");
  });

  test("refuses to join links of two kinds", async () => {
    const { relay, attempts } = relayTo();
    const [client, server] = [new HeldLink("binary"), new HeldLink("structured")];
    server.receive({ frame() {}, malformed() {}, flushing() {}, writable() {}, closed() {} });
    const accepting = relay.accept(client);
    attemptOf(attempts).bring(server);
    await accepting;
    expect([codes(client), server.state, relay.connections]).toEqual([["UNAVAILABLE"], "closed", 0]);
  });

  test("takes maxConnections links, and as many again when they are over", async () => {
    const { relay, attempts } = relayTo({ limits: { maxConnections: 2 } });
    const links = Array.from({ length: 4 }, () => [new HeldLink(), new HeldLink()] as const);
    const [first, second, third, fourth] = links as unknown as [
      (typeof links)[0],
      (typeof links)[0],
      (typeof links)[0],
      (typeof links)[0],
    ];
    void relay.accept(first[0]);
    attemptOf(attempts, 0).bring(first[1]);
    await settle();
    void relay.accept(second[0]); // it still arrives
    await relay.accept(third[0]);
    expect(codes(third[0])).toEqual(["RESOURCE_EXHAUSTED"]);
    expect(attempts).toHaveLength(2);
    first[0].end();
    first[1].end();
    await settle();
    void relay.accept(fourth[0]);
    expect(attempts).toHaveLength(3);
  });

  test("closes what it has, without a word, and takes nothing more", async () => {
    const { relay, attempts } = relayTo();
    const [client, server, arriving, late, next] = Array.from({ length: 5 }, () => new HeldLink()) as [
      HeldLink,
      HeldLink,
      HeldLink,
      HeldLink,
      HeldLink,
    ];
    void relay.accept(client);
    attemptOf(attempts).bring(server);
    await settle();
    const waiting = relay.accept(arriving);
    const closing = relay.close();
    expect([client.take(), server.take(), client.state, server.state]).toEqual([
      [],
      [],
      "closing",
      "closing",
    ]);
    expect(attemptOf(attempts, 1).signal?.aborted).toBe(true);
    late.receive({ frame() {}, malformed() {}, flushing() {}, writable() {}, closed() {} });
    attemptOf(attempts, 1).bring(late);
    await waiting;
    expect([late.state, codes(arriving)]).toEqual(["closed", ["UNAVAILABLE"]]);
    await relay.accept(next);
    expect(codes(next)).toEqual(["UNAVAILABLE"]);
    client.end();
    server.end();
    await closing;
    expect(relay.connections).toBe(0);
  });

  test("refuses limits out of range", () => {
    expect(() => relayTo({ deadAfter: 1 })).toThrow(RangeError);
  });
});
