/**
 * Requests, ids and keys, for a peer that serves the test service. Spec: docs/wire.md §2, §3.2, §4.6, §4.7, §6.
 */
import type { CaseStep, FrameFields, PeerCase } from "../peer-case.ts";
import { callee, done, isAlive, open } from "./callee-case.ts";
import { behind, letters, upTo } from "./test-service.ts";

const big = letters(200_000);

function error(call: number, code: string, more: object = {}): { hear: FrameFields; should: object } {
  return {
    hear: { type: "ERROR", call, json: { code, message: { $is: "string" } }, ...more },
    should: { json: { processed: { $oneOf: ["no", "maybe"] } } },
  };
}

/** Cases of requests. */
export const requestCases: readonly PeerCase[] = [
  callee(
    "RQ-1",
    "the absent value is no payload, both ways",
    { say: open(1, "echo") },
    { hear: { type: "RESULT", call: 1, offset: 0, more: false, raw: false, value: { $is: "absent" } } },
    done(1),
    isAlive,
  ),
  callee(
    "CD-1",
    "values come back as they were",
    ...[
      null,
      true,
      0,
      -1.5,
      1e21,
      "",
      'é😀\u2028"\\\u0000',
      [],
      [[1], { a: null }],
      { "": 0, $: { "": [] } },
    ].flatMap((value, at): CaseStep[] => [
      { say: open(2 * at + 1, "echo", value) },
      { hear: { type: "RESULT", call: 2 * at + 1, value } },
    ]),
  ),
  callee(
    "RQ-2",
    "a result that is larger than a frame comes in pieces",
    { say: { ...open(1, "echo", letters(60_000)), window: 65_536 } },
    { take: [letters(60_000)], call: 1, as: "RESULT", limit: 65_536 + 2_048 },
    { say: { ...open(3, "letters", 1), window: 1_024 } },
    { take: [letters(5_000)], call: 3, limit: 1_024, step: 2_000 },
    { hear: { type: "RESULT", call: 3 } },
  ),
  callee(
    "FC-11",
    "a param and a result larger than their windows arrive",
    // The first piece carries nothing: it says what is to come, and waits for CREDIT.
    { say: { ...open(1, "sum", undefined, { halfClosed: false }) } },
    { pour: [1, 2, 3], call: 1, from: behind(undefined), end: true },
    { hear: { type: "RESULT", call: 1, value: 6 } },
    { say: { type: "OPEN", call: 3, name: "chat", value: undefined, window: 4_096 } },
    { pour: [big], call: 3, from: behind(undefined), end: true },
    { take: [big], call: 3, limit: 4_096, step: 32_768 },
    { hear: { type: "RESULT", call: 3, value: 1 } },
  ),
  callee(
    "RQ-3",
    "a declared error comes with its data",
    { say: open(1, "fail", 3) },
    error(1, "NO_STOCK", { offset: 0, value: { left: 3 } }),
  ),
  callee(
    "RQ-4",
    "what a handler throws is INTERNAL, and says nothing of it",
    { say: open(1, "crash") },
    { hear: { type: "ERROR", call: 1, json: { code: "INTERNAL", message: { $lacks: "secret" } } } },
    isAlive,
  ),
  callee(
    "RQ-5",
    "unknown procedures are UNIMPLEMENTED, names of prototypes too, and have not run",
    ...["unknown", "__proto__", "constructor", "toString", "Echo", "echo "].flatMap(
      (name, at): CaseStep[] => [
        { say: open(2 * at + 1, name, 1) },
        { hear: { type: "ERROR", call: 2 * at + 1, json: { code: "UNIMPLEMENTED", processed: "no" } } },
      ],
    ),
    { say: open(101, "echo", 1) },
    { hear: { type: "RESULT", call: 101, value: 1 } },
  ),
  callee(
    "RQ-7",
    "metadata is seen as it was sent",
    { say: open(1, "metadata", undefined, { metadata: { zone: "b", name: "é😀" } }) },
    { hear: { type: "RESULT", call: 1, value: { zone: "b", name: "é😀" } } },
  ),
  callee(
    "RQ-8",
    "a hundred calls at once each get their own result",
    { say: upTo(100).map((n) => open(2 * n - 1, "echo", { n })) },
    ...upTo(100).map((n): CaseStep => ({ hear: { type: "RESULT", call: 2 * n - 1, value: { n } } })),
    isAlive,
  ),
  callee(
    "CD-4",
    "a payload that does not decode ends its call, and no other",
    { say: { type: "OPEN", call: 1, name: "echo", halfClosed: true, text: '{"a":' } },
    error(1, "DECODE_ERROR"),
    { say: open(3, "echo", 3) },
    { hear: { type: "RESULT", call: 3, value: 3 } },
  ),
  callee("ID-1", "a caller's ids are odd", { say: open(2, "echo") }, { ends: ["PROTOCOL_ERROR"] }),
  callee(
    "ID-1",
    "ids ascend",
    { say: [open(5, "echo"), open(3, "echo", undefined, { number: 9 })] },
    { ends: ["PROTOCOL_ERROR"] },
  ),
  callee(
    "ID-2",
    "a frame of a call that was never opened ends the link",
    { say: { type: "CANCEL", call: 9 } },
    { ends: ["PROTOCOL_ERROR"] },
  ),
  callee(
    "ID-2",
    "a frame of a call that is over is dropped",
    { say: open(1, "echo", 1) },
    { hear: { type: "RESULT", call: 1, value: 1 } },
    done(1),
    { say: { type: "CANCEL", call: 1 } },
    isAlive,
  ),
  callee(
    "ID-3",
    "an origin that is not the caller's is PERMISSION_DENIED, for that call",
    { say: open(1, "echo", 1, { origin: "00000000000000ee" }) },
    { hear: { type: "ERROR", call: 1, json: { code: "PERMISSION_DENIED" } } },
    isAlive,
  ),
];
