/** INV-MEM: the chunk that an OPEN came in is free when its call has been taken or refused, however long that call then lives. */
import { describe, expect, it } from "vitest";
import { FrameType, type OpenFrame } from "../../src/frame/frame.ts";
import { collectGarbage } from "./collect-garbage.ts";
import { data, json, open } from "./frames.ts";
import { bytesOf, type SessionPair, sessionPair } from "./session-pair.ts";

const chunkBytes = 64 * 1024;

/** A reference to what the link has read: a chunk in which the OPEN's payload is a few bytes. */
type Chunk = WeakRef<ArrayBufferLike>;

/** The peer's OPEN comes, its payload a view of a chunk that nobody else knows. */
function receive({ acceptor }: SessionPair, payload: Uint8Array, fields: Partial<OpenFrame>): Chunk {
  const chunk = new Uint8Array(chunkBytes);
  chunk.set(payload, 100);
  const length = payload.length;
  acceptor.session.frame(open({ payload: chunk, start: 100, end: 100 + length, total: length, ...fields }));
  return new WeakRef(chunk.buffer);
}

/** Whether nothing refers to the chunk any more. A turn of the event loop has to pass: until then the reference itself keeps it. */
async function isFree(chunk: Chunk): Promise<boolean> {
  for (let round = 0; round < 3 && chunk.deref() !== undefined; round++) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    collectGarbage();
  }
  return chunk.deref() === undefined;
}

describe("the chunk of an OPEN is free while its call", () => {
  it.each<{ name: string; fields: Partial<OpenFrame> }>([
    { name: "request", fields: { halfClosed: true } },
    { name: "channel", fields: { halfClosed: false } },
    { name: "call with a deadline", fields: { timeoutMs: 60_000 } },
    { name: "call that was stopped at once", fields: { stop: true } },
  ])("runs: a $name", async ({ fields }) => {
    const pair = await sessionPair();
    const chunk = receive(pair, json('"param"'), fields);
    expect(await isFree(chunk)).toBe(true);
    expect([pair.acceptor.handlers.last.param, pair.acceptor.session.runningHandlers]).toEqual(["param", 1]);
  });

  it("runs, whose param was its bytes", async () => {
    const pair = await sessionPair();
    const chunk = receive(pair, bytesOf(5000), { raw: true });
    expect(await isFree(chunk)).toBe(true);
    expect(pair.acceptor.handlers.last.param).toEqual(bytesOf(5000));
  });

  it("waits for the rest of its param, and after it has come", async () => {
    const pair = await sessionPair();
    const fields = { more: true, raw: true, total: 5000 };
    const first = receive(pair, bytesOf(5000).subarray(0, 1984), fields);
    expect(await isFree(first)).toBe(true);
    expect(pair.acceptor.handlers.calls).toEqual([]);
    pair.acceptor.session.frame(data(64 + 1984, bytesOf(5000).subarray(1984)));
    expect(pair.acceptor.handlers.last.param).toEqual(bytesOf(5000));
  });

  it("has ended and waits for DONE", async () => {
    const pair = await sessionPair();
    const chunk = receive(pair, json('"param"'), {});
    pair.acceptor.handlers.last.finish("result");
    expect(await isFree(chunk)).toBe(true);
    expect([pair.acceptor.session.openCalls, pair.acceptor.handlers.last.call.state]).toEqual([1, "ended"]);
  });

  it("was refused by who serves it, for its key, or for its param", async () => {
    const pair = await sessionPair();
    pair.acceptor.handlers.refuse = ({ procedure }) => {
      if (procedure === "unknown") throw new Error("There is none");
    };
    const chunks = [
      receive(pair, json('"param"'), { call: 1, procedure: "unknown" }),
      receive(pair, json('"param"'), { call: 3, key: { originHigh: 1, originLow: 1, number: 2 } }),
      receive(pair, json('"param'), { call: 5, key: { ...open().key, number: 3 } }),
    ];
    expect(await Promise.all(chunks.map(isFree))).toEqual([true, true, true]);
    const codes = pair.auditor.ofType("toConnector", FrameType.ERROR).map(({ body }) => body.code);
    expect(codes).toEqual(["INTERNAL", "PERMISSION_DENIED", "DECODE_ERROR"]);
    expect([pair.acceptor.handlers.calls, pair.acceptor.session.state.name]).toEqual([[], "open"]);
  });
});
