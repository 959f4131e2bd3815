/**
 * What must hold of all frames of a link that came from a peer, whatever a case is about: each call ends once, and nothing follows its end.
 *
 * Spec: docs/wire.md §4.6.
 */
import { type RawFrame, rawFlag, rawType } from "../raw/raw-frame.ts";

/** What is wrong, one line each. */
export function transcriptProblems(received: readonly RawFrame[]): readonly string[] {
  const problems: string[] = [];
  /** Calls whose callee has ended them, and those whose caller has said END. */
  const ended = new Set<number>();
  const halfClosed = new Set<number>();
  for (const { type, flags, call } of received) {
    const isEnd = type === rawType.ERROR || (type === rawType.RESULT && (flags & rawFlag.more) === 0);
    if (isEnd && ended.has(call)) problems.push(`Call ${call} has a second end`);
    if (type === rawType.DATA && ended.has(call)) problems.push(`A DATA of call ${call} came behind its end`);
    if (type === rawType.DATA && halfClosed.has(call))
      problems.push(`A DATA of call ${call} came behind END`);
    if (type === rawType.END && halfClosed.has(call)) problems.push(`Call ${call} has a second END`);
    if (isEnd) ended.add(call);
    if (type === rawType.END) halfClosed.add(call);
  }
  return problems;
}
