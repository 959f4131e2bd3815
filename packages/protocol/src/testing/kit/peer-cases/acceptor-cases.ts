/**
 * Handshakes, frames and the life of a link, for a peer that was connected to. Spec: docs/wire.md §3, §4.10, §6.
 */
import type { CaseStep, PeerCase } from "../peer-case.ts";

function acceptor(id: string, title: string, ...steps: readonly CaseStep[]): PeerCase {
  return { id, title, role: "acceptor", steps };
}

const limits = {
  maxMessage: { $is: "integer", min: 1 },
  maxMetadata: { $is: "integer", min: 0 },
  maxName: { $is: "integer", min: 1 },
  maxCalls: { $is: "integer", min: 1 },
  maxConcurrentHandlers: { $is: "integer", min: 1 },
  maxDeadline: { $is: "integer", min: 1 },
} as const;

const welcome = {
  version: 1,
  codec: "json",
  peer: { $is: "string" },
  epoch: { $is: "hex16" },
  limits,
  window: { $is: "integer", min: 0, max: 65_536 },
  floor: { $is: "integer", min: 1_024, max: 8_192 },
} as const;

const hello = {
  versions: [1],
  codecs: ["json"],
  peer: "raw",
  epoch: "00000000000000c1",
  limits: {
    maxMessage: 4_194_304,
    maxMetadata: 8_192,
    maxName: 255,
    maxCalls: 1_024,
    maxConcurrentHandlers: 256,
    maxDeadline: 86_400_000,
  },
  window: 65_536,
  floor: 2_048,
} as const;

const hello1 = { type: "HELLO", json: hello } as const;
const echo1 = { type: "OPEN", call: 1, name: "echo", halfClosed: true, value: "hello" } as const;
const answer1 = { type: "RESULT", call: 1, offset: 0, value: "hello" } as const;

/** The epoch of a second peer of ours. */
const another = "00000000000000c2";

/** Frames that end the link behind a handshake, by what is wrong with them. Lengths and heads are judged before bodies. */
const malformed: readonly (readonly [what: string, hex: string, codes: readonly string[]])[] = [
  ["a length below 5", "00000004 0c 000000", ["PROTOCOL_ERROR"]],
  ["a length above 81,920", "00014001 05 00000001", ["FRAME_TOO_LARGE"]],
  ["a length of 4 GiB", "ffffffff 05 00000001", ["FRAME_TOO_LARGE"]],
  ["type 0", "00000005 00 00000000", ["PROTOCOL_ERROR"]],
  ["type 15", "00000005 0f 00000000", ["PROTOCOL_ERROR"]],
  ["type 23", "00000005 17 00000000", ["PROTOCOL_ERROR"]],
  ["a flag that PING has not", "00000009 4c 00000000 00000001", ["PROTOCOL_ERROR"]],
  ["a PING of a call", "00000009 0c 00000001 00000001", ["PROTOCOL_ERROR"]],
  ["a CREDIT that ends too early", "0000000b 06 00000001 000000000001", ["PROTOCOL_ERROR"]],
  ["a CLOSE that is no JSON", "00000006 0e 00000000 7b", ["PROTOCOL_ERROR", "DECODE_ERROR"]],
];

const first: readonly (readonly [what: string, step: CaseStep])[] = [
  ["an OPEN", { say: echo1 }],
  ["a PING", { say: { type: "PING", nonce: 1 } }],
  ["a WELCOME", { say: { type: "WELCOME", json: { version: 1 } } }],
  ["a HELLO that is no JSON", { bytes: "00000006 01 00000000 7b" }],
];

export const acceptorCases: readonly PeerCase[] = [
  acceptor(
    "HS-1",
    "a HELLO is answered by a WELCOME with everything in it",
    { say: hello1 },
    {
      hear: { type: "WELCOME", json: welcome },
    },
  ),
  acceptor(
    "HS-2",
    "a version in common is found",
    { say: { type: "HELLO", json: { ...hello, versions: [7, 1] } } },
    { hear: { type: "WELCOME", json: { version: 1 } } },
  ),
  acceptor(
    "HS-2",
    "without a version in common nobody goes on",
    { say: { type: "HELLO", json: { ...hello, versions: [7] } } },
    { ends: ["VERSION_UNSUPPORTED"] },
  ),
  acceptor(
    "HS-3",
    "without a codec in common nobody goes on",
    { say: { type: "HELLO", json: { ...hello, codecs: ["none"] } } },
    { ends: ["FAILED_PRECONDITION"] },
  ),
  ...first.map(([what, step]) =>
    acceptor("HS-5", `${what} is not how a link begins`, step, { ends: ["PROTOCOL_ERROR", "DECODE_ERROR"] }),
  ),
  acceptor(
    "HS-6",
    "a second HELLO ends the link",
    { greet: {} },
    { say: hello1 },
    { ends: ["PROTOCOL_ERROR"] },
  ),
  acceptor(
    "HS-9",
    "members and extensions that are not known are ignored",
    { greet: { aFutureMember: { deep: [1] } } },
    { bytes: "00000008 18 00000000 010203" },
    { bytes: "00000005 ff 00000007" },
    { say: echo1 },
    { hear: answer1 },
  ),
  acceptor(
    "HS-10",
    "a conversation may come a byte at a time",
    { say: [hello1], bytewise: true },
    { hear: { type: "WELCOME", json: welcome } },
    { say: [echo1], bytewise: true },
    { hear: answer1 },
  ),
  acceptor(
    "FR-1",
    "many frames may come at once",
    { greet: {} },
    { say: [echo1, { ...echo1, call: 3 }, { type: "PING", nonce: 7 }, { ...echo1, call: 5 }] },
    ...[1, 3, 5].map((call) => ({ hear: { ...answer1, call } })),
    { hear: { type: "PING", answer: true, nonce: 7 } },
  ),
  ...malformed.map(([what, hex, codes]) =>
    acceptor("FR-2", `${what} ends the link`, { greet: {} }, { bytes: hex }, { ends: codes }),
  ),
  acceptor("LF-1", "a PING is answered with its nonce", { greet: {} }, { alive: true }, { alive: true }),
  acceptor(
    "LF-2",
    "a CLOSE ends the link",
    { greet: {} },
    { say: { type: "CLOSE", json: { code: "UNAVAILABLE" } } },
    { ends: [] },
  ),
  acceptor(
    "LF-3",
    "a link that is cut harms nobody else",
    { greet: {} },
    { say: { ...echo1, name: "wait", value: undefined } },
    { alive: true },
    {
      beside: [
        { greet: { epoch: another } },
        { say: { ...echo1, origin: another, name: "wait", value: undefined } },
        { alive: true },
      ],
    },
    { cut: true },
    {
      beside: [
        // As soon as the call of the link that was cut is over, and only that one.
        { say: { ...echo1, call: 3, origin: another, name: "stopped", value: 1 } },
        { hear: { type: "RESULT", call: 3, value: 1 } },
        { say: { type: "CANCEL", call: 1 } },
        { hear: { type: "RESULT", call: 1, value: "stopped" } },
      ],
    },
  ),
];
