/** EventText: lines of items are those that the protocol writes for them, and what is no plain item is left to it. */
import { encodeTextFrame, FrameType, FrameWriter, standardUtf8 } from "@sluice/protocol/wire";
import { expect, test } from "vitest";
import { EventText } from "../src/event-text.ts";

/** One DATA frame. */
function frame(payload: string, offset: number, isHead = false): Uint8Array {
  const writer = new FrameWriter(standardUtf8);
  writer.write({
    type: FrameType.DATA,
    call: 4_000_000_001,
    offset,
    head: isHead,
    more: isHead,
    raw: false,
    total: payload.length,
    payload,
    start: 0,
    end: 0,
  });
  return new Uint8Array(Buffer.concat(writer.take()));
}

function lineOf(bytes: Uint8Array): string | undefined {
  const event = new EventText();
  const isPlain = event.plainData(bytes, 0, bytes.length, new DataView(bytes.buffer, bytes.byteOffset));
  const text = Buffer.from(event.take()).toString();
  if (!isPlain) expect(text).toBe("");
  return isPlain ? text : undefined;
}

test.each([0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 48 - 1])(
  "EventText writes an item at offset %d as the protocol does",
  (offset) => {
    const bytes = frame('{"name":" ~"}', offset);
    expect(lineOf(bytes)).toBe(`data: ${encodeTextFrame(bytes, 0, bytes.length, standardUtf8)}\n`);
  },
);

test.each([
  ["nothing", frame("", 0)],
  ["a control character", frame("a\u001fb", 0)],
  ["DEL", frame("a\u007f", 0)],
  ["a line feed", frame("\n", 0)],
  ["a letter beyond ASCII", frame("ä", 0)],
  ["the first piece of a message", frame("abc", 0, true)],
])("EventText leaves %s to the protocol", (_, bytes) => {
  expect(lineOf(bytes)).toBe(undefined);
});

test("EventText that was cleared holds nothing, and grows with what is added", () => {
  const event = new EventText();
  event.ascii("lost");
  event.clear();
  event.text("ä".repeat(20_000));
  event.ascii("!");
  expect(Buffer.from(event.take()).toString()).toBe(`${"ä".repeat(20_000)}!`);
});
