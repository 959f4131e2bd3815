/**
 * The pure machines that are mutated: no promise of theirs waits for a network, no timer is theirs but the clock that they are given.
 *
 * Each is judged by the tests of its own, not by those of whole sessions, which would find more and say less of where.
 */

/**
 * @typedef {object} Machine
 * @property {string} name of its file, without the ending
 * @property {string} file
 * @property {readonly string[]} tests files
 * @property {"credit and resume" | "session, flow control and calls" | "frames, codecs and limits"} kind
 */

/** The score that a kind has to reach, percent; of credit and resume, every mutant that survives is looked at besides. */
export const bars = {
  "credit and resume": 95,
  "session, flow control and calls": 85,
  "frames, codecs and limits": 85,
};

/** @param {Machine["kind"]} kind @param {string} path below src, without the ending @param {readonly string[]} [tests] likewise below test @returns {Machine} */
function inProtocol(kind, path, tests = [path]) {
  return {
    name: path.split("/").at(-1) ?? path,
    file: `packages/protocol/src/${path}.ts`,
    tests: tests.map((test) => `packages/protocol/test/${test}.test.ts`),
    kind,
  };
}

const creditAndResume = "credit and resume";
const flowAndCalls = "session, flow control and calls";
const framesAndCodecs = "frames, codecs and limits";

/** @type {readonly Machine[]} */
export const machines = [
  inProtocol(creditAndResume, "session/credit-window"),
  inProtocol(creditAndResume, "session/memory-budget"),
  inProtocol(creditAndResume, "session/send-budget"),
  inProtocol(creditAndResume, "session/kept-messages"),
  inProtocol(creditAndResume, "session/replay-window"),
  inProtocol(creditAndResume, "session/resume-meter"),
  inProtocol(creditAndResume, "session/outbox", [
    "session/outbox",
    "session/outbox-counts",
    "session/outbox-frames",
  ]),
  inProtocol(creditAndResume, "session/outbox-end", ["session/outbox-end", "session/outbox"]),
  inProtocol(creditAndResume, "session/inbox"),
  inProtocol(creditAndResume, "session/reassembly", ["session/reassembly", "session/reassembly-memory"]),
  inProtocol(flowAndCalls, "session/handshake"),
  inProtocol(flowAndCalls, "session/session-state"),
  inProtocol(flowAndCalls, "session/write-waiters"),
  inProtocol(flowAndCalls, "session/arrivals"),
  inProtocol(flowAndCalls, "session/turns"),
  inProtocol(flowAndCalls, "session/ring"),
  inProtocol(flowAndCalls, "session/call-table"),
  inProtocol(flowAndCalls, "session/id-table"),
  inProtocol(flowAndCalls, "session/call-queue"),
  inProtocol(flowAndCalls, "session/done-notices"),
  inProtocol(flowAndCalls, "session/abuse-meter"),
  inProtocol(flowAndCalls, "session/stall-watch"),
  inProtocol(flowAndCalls, "session/agreed-heartbeat"),
  inProtocol(flowAndCalls, "session/pings"),
  inProtocol(flowAndCalls, "call/retry-budget"),
  inProtocol(flowAndCalls, "call/retry-policy"),
  {
    name: "reconnect-policy",
    file: "packages/client/src/reconnect-policy.ts",
    tests: ["packages/client/test/reconnect-policy.test.ts"],
    kind: flowAndCalls,
  },
  inProtocol(framesAndCodecs, "frame/check-frame", ["frame/check-frame", "frame/wire-vectors"]),
  inProtocol(framesAndCodecs, "frame/check-structured-frame"),
  inProtocol(framesAndCodecs, "frame/decode-frames"),
  inProtocol(framesAndCodecs, "frame/encode-frame", ["frame/encode-frame", "frame/encode-frame-room"]),
  inProtocol(framesAndCodecs, "frame/frame-memory"),
  inProtocol(framesAndCodecs, "frame/integers"),
  inProtocol(framesAndCodecs, "frame/parse-frame", ["frame/parse-frame", "frame/wire-vectors"]),
  inProtocol(framesAndCodecs, "frame/pipe-frame"),
  inProtocol(framesAndCodecs, "frame/text-frames"),
  inProtocol(framesAndCodecs, "frame/utf8"),
  inProtocol(framesAndCodecs, "codec/check-json"),
  inProtocol(framesAndCodecs, "codec/check-msgpack"),
  inProtocol(framesAndCodecs, "codec/check-plain", ["codec/check-plain", "codec/value-table"]),
  inProtocol(framesAndCodecs, "codec/json-codec", ["codec/json-codec", "codec/value-table"]),
  inProtocol(framesAndCodecs, "codec/measure-received"),
  inProtocol(framesAndCodecs, "codec/msgpack-codec", ["codec/msgpack-codec", "codec/value-table"]),
  inProtocol(framesAndCodecs, "codec/safe-value"),
  inProtocol(framesAndCodecs, "codec/slot", ["codec/slot", "codec/slot-encoding"]),
  inProtocol(framesAndCodecs, "limits"),
];
