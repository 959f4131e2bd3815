/** Copies of frames: what of them is shared with the sender, and what is said where there is no copy. */
import { type Frame, FrameType } from "@sluice/protocol/wire";
import { describe, expect, test } from "vitest";
import { copyFrame, unsendable } from "../src/copied-frame.ts";

const data = { call: 7, more: false, raw: false, total: 1, start: 0, end: 0 } as const;
const open: Frame = {
  ...data,
  type: FrameType.OPEN,
  halfClosed: true,
  event: false,
  stop: false,
  key: { originHigh: 1, originLow: 2, number: 3 },
  timeoutMs: 0,
  window: 1,
  maxWindow: 1,
  procedure: "orders/place",
  metadata: "",
  resume: undefined,
  routed: false,
  payload: { a: [1] },
};
const item: Frame = { ...data, type: FrameType.DATA, offset: 0, head: false, payload: 1 };
const hello: Frame = { type: FrameType.HELLO, call: 0, hello: { credentials: { at: new Date(0) } } };

describe("copyFrame", () => {
  test.each([
    ["a param", open],
    ["a frame without payload", { ...open, payload: undefined }],
    ["a number", item],
    ["a frame of control", { type: FrameType.PING, call: 0, answer: false, nonce: 1 } as const],
  ])("gives an equal frame for %s, and no part of a value", (_what, frame) => {
    const copy = copyFrame(frame, []);
    expect(copy).toStrictEqual(frame);
    expect(copy).not.toBe(frame);
    if ("payload" in copy && typeof copy.payload === "object") {
      expect(copy.payload).not.toBe("payload" in frame && frame.payload);
    }
  });

  test("says a handshake as links of bytes say it", () => {
    expect(copyFrame(hello, [])).toEqual({
      ...hello,
      hello: { credentials: { at: "1970-01-01T00:00:00.000Z" } },
    });
  });
});

describe("unsendable", () => {
  test.each([
    ["the param of orders/place", open],
    ["a message of call 7", item],
    ["the result of call 7", { ...item, type: FrameType.RESULT } as const],
  ])("names %s, what was wrong and what to do", (what, frame) => {
    const cause = new TypeError("a function does not travel");
    const error = unsendable(frame, cause);
    expect(error).toMatchObject({ code: "FAILED_PRECONDITION", retryable: false, cause });
    expect(error.message).toBe(
      `Cannot send ${what}: it was changed between being written and being sent (a function does not travel). Pass a copy of a value that goes on changing`,
    );
  });

  test("blames nobody's changes for a handshake, nor repeats what is no error", () => {
    const error = unsendable(hello, "secret");
    expect([error.code, error.message]).toEqual(["INTERNAL", "Cannot send a frame: it cannot be copied"]);
  });
});
