/**
 * What must hold of all frames of a link that came from a peer, whatever a case is about: each call ends once, and nothing follows its end.
 *
 * Spec: docs/wire.md §3.2, §4.6, §4.11, §8.
 */
import { readRawDone } from "../raw/decode-raw.ts";
import { type RawFrame, rawFlag, rawOpenFlag, rawType } from "../raw/raw-frame.ts";
import { typeName } from "./frame-fields.ts";

const { OPEN, ACCEPT, DATA, END, RESULT, ERROR, CANCEL, DONE } = rawType;

/**
 * By what ends a call or a direction of it: the frames of that call that may not come behind it, from the same peer.
 *
 * CREDIT keeps no order with them; CANCEL and DONE overtake data that its sender had queued (§4.11).
 */
const forbidden = {
  END: [OPEN, DATA, END],
  "half-closed OPEN": [OPEN, DATA, END],
  RESULT: [ACCEPT, DATA, END, RESULT, ERROR],
  ERROR: [ACCEPT, DATA, END, RESULT, ERROR],
  "CANCEL{abort}": [OPEN, CANCEL],
  DONE: [OPEN, CANCEL],
} as const satisfies Readonly<Record<string, readonly number[]>>;

type Ending = keyof typeof forbidden;

/** What is wrong, one line each. */
export function transcriptProblems(received: readonly RawFrame[]): readonly string[] {
  const problems: string[] = [];
  const endings = new Map<number, Ending[]>();
  /** Half-closed calls whose param is on its way, in pieces. */
  const params = new Set<number>();
  for (const frame of received) {
    const { type, call } = frame;
    const broken = endings.get(call)?.find((one) => (forbidden[one] as readonly number[]).includes(type));
    if (broken !== undefined)
      problems.push(`A frame ${typeName(type)} of call ${call} came behind its ${broken}`);
    for (const [id, ending] of endingsIn(frame, params))
      endings.set(id, [...(endings.get(id) ?? []), ending]);
  }
  return problems;
}

/** What `frame` ends, by call. */
function endingsIn(frame: RawFrame, params: Set<number>): readonly (readonly [call: number, Ending])[] {
  const { type, flags, call, body } = frame;
  const hasMore = (flags & rawFlag.more) !== 0;
  const openFlags = body[0] ?? 0;
  switch (type) {
    case OPEN: {
      if ((openFlags & rawOpenFlag.halfClosed) === 0) return [];
      // What was cut over a former link goes on over this one.
      const mayGoOn = hasMore || (openFlags & rawOpenFlag.resume) !== 0;
      if (mayGoOn) params.add(call);
      return mayGoOn ? [] : [[call, "half-closed OPEN"]];
    }
    case DATA:
      return !hasMore && params.delete(call) ? [[call, "half-closed OPEN"]] : [];
    case END:
      return [[call, "END"]];
    case RESULT:
      return hasMore ? [] : [[call, "RESULT"]];
    case ERROR:
      return [[call, "ERROR"]];
    case CANCEL:
      return (flags & rawFlag.abort) === 0 ? [] : [[call, "CANCEL{abort}"]];
    case DONE:
      return readRawDone(frame).map((id) => [id, "DONE"] as const);
    default:
      return [];
  }
}
