/** Values for which no memory is left while they are written: only their own send fails. RELIABILITY X62, K8. */
import { describe, expect, it } from "vitest";
import type { Codec } from "../../src/codec/codec.ts";
import { jsonCodec } from "../../src/codec/json-codec.ts";
import { FrameType } from "../../src/frame/frame.ts";
import { standardUtf8 } from "../../src/frame/utf8.ts";
import { Outbox } from "../../src/session/outbox.ts";
import { SendBudget } from "../../src/session/send-budget.ts";
import { ScriptedLink } from "./scripted-link.ts";
import { sessionPair } from "./session-pair.ts";

const tooLarge = "a value for which no memory is left";

/** JSON, but for one value, which fails as the engine fails where it cannot allocate. */
const failingCodec: Codec = {
  name: "json",
  compile(schema, limits) {
    const inside = jsonCodec.compile(schema, limits);
    return {
      encode(value) {
        if (value === tooLarge) throw new RangeError("Array buffer allocation failed");
        return inside.encode(value);
      },
      decode: (bytes, start, end, utf8) => inside.decode(bytes, start, end, utf8),
    };
  },
};

const failed = expect.objectContaining({ code: "INVALID_ARGUMENT", processed: "no" });

describe("X62 a value that cannot be allocated", () => {
  it("fails its own call, as a param or as a result, and no other of the session", async () => {
    const pair = await sessionPair({ codec: failingCodec });
    const beside = pair.connector.open({ kind: "channel" });
    expect(() => pair.connector.open({ param: tooLarge })).toThrow(failed);
    const next = pair.connector.open({ procedure: "next", param: "small" });
    await pair.run();
    expect([beside.call.id, next.call.id]).toEqual([1, 3]);
    const played = pair.acceptor.handlers.of("next");
    expect(() => played.finish(tooLarge)).toThrow(failed);
    played.finish("small");
    pair.acceptor.handlers.of("test").finish("fine");
    await pair.run();
    expect([next.end.result, beside.end.result]).toEqual(["small", "fine"]);
    await pair.expectIdle();
  });

  it("leaves no gap among the items of a channel, either way", async () => {
    const pair = await sessionPair({ codec: failingCodec });
    const { call, end, write } = pair.connector.open({ kind: "channel" });
    await pair.run();
    const played = pair.acceptor.handlers.last;
    for (let n = 0; n < 10; n++) {
      write(n);
      expect(() => write(tooLarge)).toThrow(failed);
      played.write(n);
      expect(() => played.write(tooLarge)).toThrow(failed);
    }
    await pair.run();
    for (const inbox of [call.inbox, played.call.inbox]) {
      expect(Array.from({ length: inbox?.length ?? 0 }, () => inbox?.shift())).toEqual([
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
      ]);
    }
    for (const direction of ["toAcceptor", "toConnector"] as const) {
      const offsets = pair.auditor.ofType(direction, FrameType.DATA).map(({ offset }) => offset);
      const [first = 0] = offsets;
      expect(offsets).toEqual(Array.from({ length: 10 }, (_, n) => first + 65 * n));
    }
    call.closeOutbox();
    played.finish("over");
    await pair.run();
    expect(end.result).toBe("over");
    await pair.expectIdle();
  });

  it("that fails only when its text becomes bytes was never accepted: the next item stands where it would have", () => {
    let isFull = false;
    const budget = new SendBudget(1_000_000);
    const outbox = new Outbox(65_536, {
      budget,
      utf8: {
        ...standardUtf8,
        allocate(size) {
          if (isFull) throw new RangeError("Array buffer allocation failed");
          return standardUtf8.allocate(size);
        },
      },
      isStructured: false,
      resultAllowance: 2_048,
      maxMessage: 4_194_304,
    });
    const link = new ScriptedLink();
    const push = (body: string): boolean => outbox.push({ body, length: -1, raw: false, start: 0 }, link, 1);
    const long = "x".repeat(20_000);
    push(long);
    isFull = true;
    expect(() => push(long)).toThrow(RangeError);
    isFull = false;
    push(long);
    outbox.takeTurn(link, 1, Number.POSITIVE_INFINITY);
    expect(link.take()).toEqual(["DATA 0+20000", "DATA 20064+20000"]);
    outbox.credited(40_128, 100_000);
    expect(budget.bytes).toBe(0);
  });
});
