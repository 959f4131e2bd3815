/**
 * Handshakes and requests, for a peer that connects to us and calls what we serve. Spec: docs/wire.md §3.1, §3.2, §4.9, §6.
 */
import type { CaseStep, PeerCase } from "../peer-case.ts";
import { isAlive } from "./callee-case.ts";
import { call, caller, connector, echo, opened } from "./caller-case.ts";

const handshakes: readonly PeerCase[] = [
  connector(
    "HS-1",
    "a HELLO comes first, with everything in it, and nothing else before WELCOME",
    {
      hear: {
        type: "HELLO",
        json: {
          versions: [1],
          codecs: { $has: "json" },
          peer: { $is: "string" },
          epoch: { $is: "hex16" },
          limits: { maxMessage: { $is: "integer", min: 1 }, maxCalls: { $is: "integer", min: 1 } },
          window: { $is: "integer", min: 0, max: 65_536 },
          floor: { $is: "integer", min: 1_024, max: 8_192 },
        },
      },
    },
    { quiet: ["OPEN", "PING", "DATA", "DONE"], ms: 100 },
  ),
  connector(
    "HS-2",
    "a version that it does not speak ends the link",
    { greet: { version: 7 } },
    { ends: ["VERSION_UNSUPPORTED", "PROTOCOL_ERROR"] },
    { told: "connect", answer: { code: { $is: "string" } } },
  ),
  connector(
    "HS-5",
    "nothing but WELCOME answers a HELLO",
    { say: { type: "PING", nonce: 1 } },
    { ends: ["PROTOCOL_ERROR"] },
    { told: "connect", answer: { code: { $is: "string" } } },
  ),
  connector(
    "HS-7",
    "a CLOSE in answer to a HELLO says why",
    { say: { type: "CLOSE", json: { code: "UNAUTHENTICATED", reason: "who are you?" } } },
    { ends: [] },
    { told: "connect", answer: { code: "UNAUTHENTICATED" } },
  ),
  connector(
    "HS-9",
    "members and extensions that are not known are ignored",
    { greet: { aFutureMember: { deep: [1] } } },
    { told: "connect", answer: { connected: true } },
    { bytes: "00000008 18 00000000 010203" },
    isAlive,
  ),
];

const requests: readonly PeerCase[] = [
  caller(
    "RQ-1",
    "a request, its OPEN and its result",
    echo,
    opened(1, "echo", { halfClosed: true, value: "hello", window: { $is: "integer", min: 0 } }),
    { say: { type: "RESULT", call: 1, offset: 0, value: { a: [1] } } },
    { told: "a", answer: { result: { a: [1] } } },
    { hear: { type: "DONE", rest: false, calls: [1] } },
  ),
  caller(
    "ID-1",
    "ids are odd and ascend, numbers from 1",
    ...[1, 2, 3].flatMap((at): CaseStep[] => [
      { tell: call("echo", { param: at }), as: `call ${at}` },
      opened(at, "echo", { value: at }),
      { say: { type: "RESULT", call: 2 * at - 1, offset: 0, value: at } },
      { told: `call ${at}`, answer: { result: at } },
    ]),
  ),
  caller(
    "RQ-3",
    "a declared error arrives with its data",
    echo,
    opened(1, "echo"),
    {
      say: {
        type: "ERROR",
        call: 1,
        json: {
          code: "NO_STOCK",
          message: "too few",
          retryable: false,
          processed: "maybe",
          origin: "remote",
        },
        value: { left: 2 },
      },
    },
    { told: "a", answer: { code: "NO_STOCK", message: "too few", processed: "maybe", data: { left: 2 } } },
  ),
  caller(
    "RQ-4",
    "a code that is not known is UNKNOWN, its text kept",
    echo,
    opened(1, "echo"),
    { say: { type: "ERROR", call: 1, json: { code: "A_FUTURE_CODE", message: "kept" } } },
    { told: "a", answer: { code: "UNKNOWN", message: { $has: "kept" } } },
  ),
  caller(
    "RQ-10",
    "a second result is ignored",
    echo,
    opened(1, "echo"),
    {
      say: [
        { type: "RESULT", call: 1, offset: 0, value: 1 },
        { type: "RESULT", call: 1, offset: 0, value: 2 },
      ],
    },
    { told: "a", answer: { result: 1 } },
    isAlive,
  ),
  caller(
    "RQ-10",
    "a result of no call ends the link",
    { say: { type: "RESULT", call: 7, offset: 0, value: 1 } },
    { ends: ["PROTOCOL_ERROR"] },
  ),
  caller(
    "RQ-7",
    "metadata travels in OPEN",
    { tell: call("echo", { metadata: { zone: "é" } }), as: "a" },
    opened(1, "echo", { metadata: { zone: "é" } }),
    {
      say: { type: "RESULT", call: 1, offset: 0 },
    },
  ),
];

/** Cases of handshakes and requests. */
export const callerCases: readonly PeerCase[] = [...handshakes, ...requests];
