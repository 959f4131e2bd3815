/**
 * Streams, channels, flow control and early ends, for a peer that serves the test service. Spec: docs/wire.md §2, §4.1, §4.2, §4.4, §4.5.
 */
import type { CaseStep, PeerCase } from "../peer-case.ts";
import { callee, done, isAlive, open } from "./callee-case.ts";
import { behind, letters, upTo } from "./test-service.ts";

const streams: readonly PeerCase[] = [
  ...[0, 1, 500].map((count) =>
    callee(
      "ST-1",
      `a stream of ${count} items, in order, and its result`,
      { say: open(1, "count", count) },
      { take: upTo(count), call: 1, limit: 65_536 },
      { hear: { type: "RESULT", call: 1, offset: behind(...upTo(count)), value: count } },
      done(1),
      isAlive,
    ),
  ),
  callee(
    "FC-1",
    "a stream never passes the limit, and goes on when it is raised",
    { say: { ...open(1, "letters", 20), window: 12_000 } },
    { take: Array(20).fill(letters(5_000)), call: 1, limit: 12_000, step: 7_000 },
    { hear: { type: "RESULT", call: 1 } },
  ),
  callee(
    "FC-2",
    "small items never pass the limit, either",
    { say: { ...open(1, "count", 400), window: 2_000 } },
    { take: upTo(400), call: 1, limit: 2_000, step: 3_000 },
    { hear: { type: "RESULT", call: 1, value: 400 } },
  ),
  callee(
    "FC-7",
    "limits that go back change nothing",
    {
      say: [
        { ...open(1, "count", 40), window: 1_500 },
        { type: "CREDIT", call: 1, received: 0, limit: 100 },
      ],
    },
    { take: upTo(40), call: 1, limit: 1_500, step: 2_000 },
  ),
  callee(
    "FC-7",
    "a limit too far beyond what was received ends the link",
    {
      say: [
        { ...open(1, "letters", 5), window: 1_024 },
        { type: "CREDIT", call: 1, received: 0, limit: 16_777_217 },
      ],
    },
    { ends: ["FLOW_CONTROL_ERROR"] },
  ),
  callee(
    "FC-7",
    "that more was received than was sent ends the link",
    { say: [open(1, "wait"), { type: "CREDIT", call: 1, received: 1_000, limit: 65_536 }] },
    { ends: ["PROTOCOL_ERROR"] },
  ),
  callee(
    "ST-3",
    "a stop ends a stream early, with an end",
    { say: { ...open(1, "letters", 1_000), window: 12_000 } },
    { take: [letters(5_000), letters(5_000)], call: 1, limit: 12_000 },
    { say: { type: "CANCEL", call: 1 } },
    { hear: { type: "RESULT|ERROR", call: 1 } },
    isAlive,
  ),
];

const channels: readonly PeerCase[] = [
  callee(
    "CH-1",
    "an answer to every item",
    { say: { type: "OPEN", call: 1, name: "chat" } },
    { hear: { type: "CREDIT", call: 1, received: { $is: "integer", max: 64 } } },
    ...upTo(3).map(
      (n): CaseStep => ({ say: { type: "DATA", call: 1, offset: 64 + behind(...upTo(n - 1)), value: n } }),
    ),
    { take: [1, 2, 3], call: 1, limit: 65_536 },
    { say: { type: "END", call: 1, offset: 64 + behind(1, 2, 3) } },
    { hear: { type: "RESULT", call: 1, offset: behind(1, 2, 3), value: 3 } },
  ),
  callee(
    "CH-7",
    "an upload is granted credit as it is read, and its result is right",
    { say: { type: "OPEN", call: 1, name: "sum" } },
    { pour: upTo(2_000), call: 1, from: 64, end: true },
    { hear: { type: "RESULT", call: 1, offset: 0, value: 2_001_000 } },
  ),
  callee(
    "FC-6",
    "data beyond the limit ends the link",
    { say: { type: "OPEN", call: 1, name: "deaf" } },
    {
      say: upTo(3).map((n) => ({
        type: "DATA",
        call: 1,
        offset: 64 + behind(...Array(n - 1).fill(letters(65_000))),
        value: letters(65_000),
      })),
    },
    { ends: ["FLOW_CONTROL_ERROR"] },
  ),
  callee(
    "FC-6",
    "a gap between offsets ends the link",
    { say: { type: "OPEN", call: 1, name: "chat" } },
    { say: { type: "DATA", call: 1, offset: 130, value: 1 } },
    { ends: ["PROTOCOL_ERROR", "FLOW_CONTROL_ERROR"] },
  ),
  callee(
    "ST-4",
    "an item behind the END ends the link",
    { say: { type: "OPEN", call: 1, name: "chat" } },
    {
      say: [
        { type: "END", call: 1, offset: 64 },
        { type: "DATA", call: 1, offset: 64, value: 1 },
      ],
    },
    { ends: ["PROTOCOL_ERROR"] },
  ),
];

const ends: readonly PeerCase[] = [
  callee(
    "CA-1",
    "an abort ends a call, and its end follows",
    { say: open(1, "wait") },
    isAlive,
    { say: { type: "CANCEL", call: 1, abort: true, reason: "enough" } },
    { hear: { type: "ERROR", call: 1, json: { code: "CANCELLED" } } },
    isAlive,
  ),
  callee(
    "CA-2",
    "a stop lets a call finish",
    { say: open(1, "wait") },
    isAlive,
    { say: { type: "CANCEL", call: 1, reason: "enough" } },
    { hear: { type: "RESULT", call: 1, value: "stopped" } },
  ),
  callee(
    "CA-15",
    "a deadline that passes ends the call",
    { say: open(1, "wait", undefined, { timeout: 60 }) },
    { hear: { type: "ERROR", call: 1, json: { code: "DEADLINE_EXCEEDED" } } },
    isAlive,
  ),
  callee(
    "CA-19",
    "a DONE aborts a call that it names, and for all that is left none that was opened over this link",
    { say: [open(1, "wait"), open(3, "wait")] },
    isAlive,
    { say: { type: "DONE", rest: true, calls: [1] } },
    { say: open(5, "stopped", 1) },
    { hear: { type: "RESULT", call: 5, value: 1 } },
    { say: { type: "CANCEL", call: 3 } },
    { hear: { type: "RESULT", call: 3, value: "stopped" } },
  ),
];

/** Cases of calls with items, and of calls that end early. */
export const itemCases: readonly PeerCase[] = [...streams, ...channels, ...ends];
