/** The door of `@sluice/protocol` for people who write a transport or a codec: suites, fakes and fault tools. */
export { CountingLink, FrameCounter } from "./counting-link.ts";
export { Dice } from "./dice.ts";
export { FakeClock } from "./fake-clock.ts";
export type { Blackhole, ConnectionFaults, Way, WayFaults } from "./fault/connection-faults.ts";
export type { ConnectionEnd, FaultConnection } from "./fault/fault-connection.ts";
export { FaultProxy, type FaultProxyEvents, type FaultProxyOptions } from "./fault/fault-proxy.ts";
export { faultyPort, type PostingPort } from "./fault/faulty-port.ts";
export type { Defer } from "./fault/memory-end.ts";
export {
  type DuplexPair,
  MemoryFaultProxy,
  type MemoryFaultProxyOptions,
} from "./fault/memory-fault-proxy.ts";
export {
  type MessageFault,
  type MessageFaultPlan,
  MessageFaults,
  type RandomMessageFaultsOptions,
  randomMessageFaults,
} from "./fault/message-faults.ts";
export type { ProxyEnd, ProxyEndEvents } from "./fault/proxy-end.ts";
export {
  type CaseOutcome,
  type CaseReport,
  countsOf,
  isPassed,
  type KitReport,
  nameOf,
  type ReportCounts,
} from "./kit/case-report.ts";
export { type KnownFailure, kitProblems, readKnownFailing } from "./kit/known-failing.ts";
export type { CaseStep, FrameFields, Pattern, PeerCase, PeerCommand } from "./kit/peer-case.ts";
export { testService } from "./kit/peer-cases/test-service.ts";
export type { PeerAnswer } from "./kit/run-peer-case.ts";
export {
  type PeerKitOptions,
  type PeerProgram,
  peerCases,
  type RawNetwork,
  runPeerKit,
} from "./kit/run-peer-kit.ts";
export { runTransportKit, type TransportKitOptions } from "./kit/run-transport-kit.ts";
export { lineOfCase, lineOfCounts, reportTables } from "./kit/write-report.ts";
export {
  decodeRaw,
  readRawCredit,
  readRawData,
  readRawDone,
  readRawEnd,
  readRawError,
  readRawJson,
  readRawOpen,
  readRawPing,
} from "./raw/decode-raw.ts";
export {
  encodeRaw,
  type RawCancelParts,
  type RawDataParts,
  type RawErrorParts,
  type RawOpenParts,
  rawFrames,
} from "./raw/encode-raw.ts";
export { rawBytes, rawInteger, rawJoin, rawText } from "./raw/raw-bytes.ts";
export {
  type RawCredit,
  type RawData,
  type RawError,
  type RawFrame,
  type RawOpen,
  rawFlag,
  rawOpenFlag,
  rawType,
} from "./raw/raw-frame.ts";
export { type BytePipe, RawPeer, type RawPeerOptions, type RawTimers } from "./raw/raw-peer.ts";
export { StillWorld } from "./still-world.ts";
export type { RigOptions, TransportSetup } from "./suite/rig.ts";
export type { SuiteCase } from "./suite/suite-case.ts";
export type { TestFunctions } from "./test-functions.ts";
export {
  caseName,
  type SuiteSkip,
  suiteCases,
  type TransportSuiteOptions,
  transportSuite,
} from "./transport-suite.ts";
export { utf8Suite } from "./utf8-suite.ts";
export { isUsable, type RandomSchemaOptions, randomSchema } from "./validator/random-schema.ts";
export { randomValue, valueFor } from "./validator/random-value.ts";
export { type MakeValidator, type ValidatorSuiteOptions, validatorSuite } from "./validator-suite.ts";
