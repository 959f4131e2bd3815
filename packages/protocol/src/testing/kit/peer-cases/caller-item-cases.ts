/**
 * Streams, channels, flow control and early ends, for a peer that connects to us and calls what we serve. Spec: docs/wire.md §2, §3, §4.
 */
import type { PeerCase } from "../peer-case.ts";
import { isAlive } from "./callee-case.ts";
import { call, caller, opened } from "./caller-case.ts";
import { behind, letters, upTo } from "./test-service.ts";

const long = letters(60_000);

const items: readonly PeerCase[] = [
  caller(
    "ST-1",
    "the items of a stream, and its result",
    { tell: call("count", { kind: "stream", param: 3 }), as: "a" },
    opened(1, "count", { halfClosed: true, value: 3 }),
    { say: [1, 2, 3].map((n) => ({ type: "DATA", call: 1, offset: behind(...upTo(n - 1)), value: n })) },
    { say: { type: "RESULT", call: 1, offset: behind(1, 2, 3), value: 3 } },
    { told: "a", answer: { items: [1, 2, 3], result: 3 } },
  ),
  caller(
    "ST-1",
    "an item in pieces",
    { tell: call("letters", { kind: "stream", param: 1 }), as: "a" },
    opened(1, "letters"),
    {
      say: [
        { type: "DATA", call: 1, offset: 0, text: `"${letters(1_999)}`, more: true, total: 5_002 },
        { type: "DATA", call: 1, offset: 2_064, text: letters(2_000), more: true },
        { type: "DATA", call: 1, offset: 4_064, text: `${letters(1_001)}"` },
        { type: "RESULT", call: 1, offset: 5_066 },
      ],
    },
    { told: "a", answer: { items: [letters(5_000)] } },
  ),
  caller(
    "FC-5",
    "a reader grants more as it reads",
    { tell: call("letters", { kind: "stream", param: 100 }), as: "a" },
    opened(1, "letters"),
    { pour: Array(100).fill(letters(5_000)), call: 1, from: 0 },
    { say: { type: "RESULT", call: 1, offset: behind(...Array(100).fill(letters(5_000))) } },
    { told: "a", answer: { items: Array(100).fill(letters(5_000)) } },
  ),
  caller(
    "FC-6",
    "data beyond the limit ends the link",
    { tell: call("letters", { kind: "stream", param: 9, take: 0 }), as: "a" },
    opened(1, "letters"),
    {
      say: upTo(400).map((n) => ({
        type: "DATA",
        call: 1,
        offset: (n - 1) * behind(long),
        value: long,
      })),
    },
    { ends: ["FLOW_CONTROL_ERROR"] },
  ),
  caller(
    "ST-3",
    "a reader that leaves says stop, and still gets the result",
    { tell: call("count", { kind: "stream", param: 9, take: 2, leave: "stop" }), as: "a" },
    opened(1, "count"),
    { say: [1, 2].map((n) => ({ type: "DATA", call: 1, offset: behind(...upTo(n - 1)), value: n })) },
    { hear: { type: "CANCEL", call: 1, abort: false } },
    { say: { type: "RESULT", call: 1, offset: behind(1, 2), value: "left" } },
    { told: "a", answer: { items: [1, 2], result: "left" } },
  ),
  caller(
    "CH-7",
    "an upload is what was written, and ends where it ends",
    { tell: call("sum", { kind: "channel", items: [1, 2, 3] }), as: "a" },
    opened(1, "sum", { halfClosed: false }),
    { take: [1, 2, 3], call: 1, from: 64, limit: 64 + 2_048 },
    { hear: { type: "END", call: 1, offset: 64 + behind(1, 2, 3) } },
    { say: { type: "RESULT", call: 1, offset: 0, value: 6 } },
    { told: "a", answer: { result: 6 } },
  ),
  caller(
    "FC-1",
    "an upload never passes the limit, and goes on when it is raised",
    { tell: call("sum", { kind: "channel", items: Array(20).fill(letters(5_000)) }), as: "a" },
    opened(1, "sum"),
    { take: Array(20).fill(letters(5_000)), call: 1, from: 64, limit: 64 + 2_048, step: 7_000 },
    { hear: { type: "END", call: 1, offset: 64 + behind(...Array(20).fill(letters(5_000))) } },
    { say: { type: "RESULT", call: 1, offset: 0, value: 0 } },
    { told: "a", answer: { result: 0 } },
  ),
  caller(
    "CH-1",
    "a channel speaks and hears",
    { tell: call("chat", { kind: "channel", items: ["a", "b"] }), as: "a" },
    opened(1, "chat"),
    { take: ["a", "b"], call: 1, from: 64, limit: 64 + 2_048 },
    { say: { type: "DATA", call: 1, offset: 0, value: "A" } },
    { say: { type: "RESULT", call: 1, offset: behind("A"), value: 2 } },
    { told: "a", answer: { items: ["A"], result: 2 } },
  ),
];

const ends: readonly PeerCase[] = [
  caller(
    "CA-1",
    "a call that is given up says abort",
    { tell: call("count", { kind: "stream", param: 9, take: 1, leave: "abort" }), as: "a" },
    opened(1, "count"),
    { say: { type: "DATA", call: 1, offset: 0, value: 1 } },
    { hear: { type: "CANCEL", call: 1, abort: true } },
    { told: "a", answer: { items: [1], code: "CANCELLED" } },
    { say: { type: "ERROR", call: 1, offset: 65, json: { code: "CANCELLED", message: "" } } },
    isAlive,
  ),
  caller(
    "CA-15",
    "a deadline travels as what is left of it, and ends the call",
    { tell: call("wait", { timeout: 150 }), as: "a" },
    opened(1, "wait", { timeout: { $is: "integer", min: 1, max: 150 } }),
    { hear: { type: "CANCEL", call: 1, abort: true } },
    { told: "a", answer: { code: "DEADLINE_EXCEEDED" } },
  ),
  caller(
    "DR-1",
    "after a DRAIN no new call comes",
    { say: { type: "DRAIN", json: { grace: 5_000, retry: 5_000 } } },
    isAlive,
    { tell: call("echo", { param: 1, timeout: 300 }), as: "a" },
    { quiet: ["OPEN"], ms: 100 },
    { told: "a", answer: { code: { $oneOf: ["UNAVAILABLE", "DEADLINE_EXCEEDED"] } } },
  ),
  caller(
    "LF-2",
    "a CLOSE ends calls that run, which may have been processed",
    { tell: call("wait"), as: "a" },
    opened(1, "wait"),
    { say: { type: "CLOSE", json: { code: "UNAVAILABLE" } } },
    { told: "a", answer: { code: "UNAVAILABLE", processed: "maybe" } },
  ),
  caller(
    "LF-3",
    "a link that is lost ends calls that run, which may have been processed",
    { tell: call("wait"), as: "a" },
    opened(1, "wait"),
    { cut: true },
    { told: "a", answer: { code: "UNAVAILABLE", processed: "maybe" } },
  ),
];

/** Cases of calls with items, and of calls that end early. */
export const callerItemCases: readonly PeerCase[] = [...items, ...ends];
