/** Peers that come back again and again: lines that flap, and peers that want repeats. Spec: docs/wire.md §4.14; RELIABILITY S7, X7. */
import { describe, expect, it } from "vitest";
import { SluiceError } from "../../src/errors/sluice-error.ts";
import { FrameType } from "../../src/frame/frame.ts";
import { ResumeMeter } from "../../src/session/resume-meter.ts";
import { type ResumingOptions, ResumingPair } from "./resuming-pair.ts";
import { bytesOf } from "./session-pair.ts";

describe("ResumeMeter", () => {
  const maxBuffered = 1_000;

  it("tells a link that brought something from one that did not", () => {
    const meter = new ResumeMeter(maxBuffered);
    const getsOn = (arrived: number, confirmed: number): boolean =>
      meter.getsOn({ arrived, confirmed, repeated: 0 });
    expect([getsOn(0, 0), getsOn(1, 0), getsOn(1, 0), getsOn(1, 64), getsOn(1, 64), getsOn(0, 64)]).toEqual([
      false,
      true,
      false,
      true,
      false,
      true,
    ]);
  });

  it("allows three bytes to be sent again for each that was received, and what was on its way at first", () => {
    const meter = new ResumeMeter(maxBuffered);
    expect(meter.getsOn({ arrived: 0, confirmed: 100, repeated: 1_300 })).toBe(true);
    expect(meter.getsOn({ arrived: 0, confirmed: 200, repeated: 1_601 })).toBe(false);
    expect(meter.getsOn({ arrived: 0, confirmed: 201, repeated: 1_603 })).toBe(true);
  });
});

/** Cuts the link and mends it. */
async function comeBack(pair: ResumingPair): Promise<void> {
  pair.cut();
  const mended = pair.mend();
  await pair.run();
  await mended;
}

function codeOf({ acceptor }: ResumingPair): string {
  const { state } = acceptor.session;
  return state.name === "closed" ? state.error.code : state.name;
}

/** What an item of 1,000 bytes counts. */
const messageBytes = 1_064;

const few: ResumingOptions = { limits: { limits: { abuseRate: { events: 5, perMs: 1_000 } } } };

describe("a session that is asked for again and again", () => {
  it("REL-S7 without any progress ends with ENHANCE_YOUR_CALM: neither the peer nor its calls come back", async () => {
    const pair = await ResumingPair.make(few);
    const { end } = pair.connector.open();
    await pair.run();
    // The OPEN is new at the first, and nothing is from then on.
    for (let resumes = 0; resumes <= 5; resumes++) await comeBack(pair);
    expect([codeOf(pair), end.code]).toEqual(["open", "none"]);
    await comeBack(pair);
    expect(codeOf(pair)).toBe("ENHANCE_YOUR_CALM");
    expect(pair.acceptor.handlers.last.aborts).toEqual(["shutdown"]);
    pair.acceptor.handlers.last.finish();
    pair.connector.session.lose(new SluiceError("UNAVAILABLE", "it has been told"));
  });

  it("REL-S7 is found as often as the rate allows", async () => {
    const pair = await ResumingPair.make(few);
    for (let resumes = 0; resumes < 20; resumes++) {
      await comeBack(pair);
      await pair.clock.advance(200);
    }
    expect(codeOf(pair)).toBe("open");
    await pair.expectIdle();
  });

  it("REL-S7 for what was sent already ends likewise, however little the peer lets arrive each time", async () => {
    const events = 5;
    const maxBuffered = 1 << 20;
    const limits = { abuseRate: { events, perMs: 1_000 }, maxBuffered, maxMessage: 1 << 18, maxCalls: 64 };
    const pair = await ResumingPair.make({ limits: { limits } });
    const { call } = pair.connector.open({ kind: "stream" });
    await pair.run();
    for (let item = 0; item < 60; item++) pair.acceptor.handlers.last.write(bytesOf(1_000));
    let sentBytes = 0;
    for (let arrived = 1; arrived <= 60; arrived++) {
      pair.cut();
      void pair.mend();
      pair.wire.observers.push({
        sent(direction, frame) {
          if (direction === "toConnector" && frame.type === FrameType.DATA) sentBytes += messageBytes;
        },
      });
      // The handshake and what is opened again; then all goes out, of which one item arrives.
      for (let turn = 0; turn < 20 && call.inbox?.length !== arrived; turn++) {
        pair.wire.deliver("toAcceptor");
        await pair.clock.advance(0);
        pair.wire.deliver("toConnector", 1);
        await pair.clock.advance(0);
      }
      if (call.inbox?.length !== arrived) break;
    }
    expect(codeOf(pair)).toBe("ENHANCE_YOUR_CALM");
    expect(call.inbox?.length).toBeGreaterThan(10);
    expect(sentBytes).toBeGreaterThan(maxBuffered);
    expect(sentBytes).toBeLessThanOrEqual(
      3 * 60 * messageBytes + maxBuffered + (events + 1) * 60 * messageBytes,
    );
  });

  it("X7 by a line that is up for 700 ms and down for 300, for five minutes, goes on: by default, and where each link brings an item", async () => {
    for (const options of [{}, few]) {
      const pair = await ResumingPair.make(options);
      const { call } = pair.connector.open({ kind: "stream" });
      await pair.run();
      const played = pair.acceptor.handlers.last;
      let got = 0;
      for (let flap = 0; flap < 300; flap++) {
        if (options === few || flap % 10 === 0) played.write(flap);
        await pair.advance(700);
        while ((call.inbox?.length ?? 0) > 0) {
          call.inbox?.shift();
          got++;
        }
        pair.cut();
        await pair.clock.advance(300);
        const mended = pair.mend();
        await pair.run();
        await mended;
        expect(codeOf(pair)).toBe("open");
      }
      expect(got).toBe(options === few ? 300 : 30);
      played.finish();
      call.stop();
      await pair.expectIdle();
    }
  });
});
