/**
 * What the readers of a call may have seen by its end. Items that come twice, in another order or with other content are faults of their
 * flow already; here it is judged how far the readers came.
 */
import { expect } from "vitest";
import type { ModelCall, ModelEnd } from "./model-calls.ts";

export function judgeItems(call: ModelCall, end: ModelEnd, name: string): void {
  const { up, down, receives, isStopped } = call;
  const [run] = call.runs;
  for (const flow of [up, down]) {
    expect(flow.read, `read of what was accepted in ${name}`).toBeLessThanOrEqual(flow.accepted);
  }
  const isOk = end.code === "OK";
  if (receives) expect(["end", end.code], `the end of items of ${name}`).toContain(down.readerEnd);
  if (receives && isOk) expect(down.readerEnd, `the end of items of ${name}`).toBe("end");
  // The end of a link, or of a call, is no end of the items: who reads one has read all. Who has said stop gets less, if that was heard.
  const isCut = isStopped && run?.wasTold !== false;
  if (receives && !isCut && down.readerEnd === "end") {
    expect([down.hasEnd || isOk, down.read], `${end.code} of ${name}`).toEqual([true, down.written.length]);
  }
  // Who says stop has said that nothing follows, too; what was written before still comes.
  if (run?.hasReadAll === true) {
    const hasEnd = up.hasEnd || isStopped;
    expect([hasEnd, up.read], `what was sent in ${name}`).toEqual([true, up.written.length]);
  }
}

/** @param itemsEnd at which offset the result of `call` stood */
export function judgeItemsEnd({ number, down, isStopped, stoppedUntil }: ModelCall, itemsEnd: number): void {
  const { offset, next } = down.readUntil;
  // A stop may break off the item that comes next.
  const most = isStopped ? Math.max(offset, next - 1) : offset;
  const name = `call ${number}: where the result stood, items being read up to ${offset}`;
  expect(itemsEnd, name).toBeGreaterThanOrEqual(offset);
  expect(itemsEnd, name).toBeLessThanOrEqual(most);
  if (stoppedUntil !== undefined) expect(itemsEnd, `${name}, stopped`).toBeLessThanOrEqual(stoppedUntil);
}
