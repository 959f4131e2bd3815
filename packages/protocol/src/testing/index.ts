/** The door of `@sluice/protocol` for people who write a transport or a codec: suites, fakes and fault tools. */
export { CountingLink, FrameCounter } from "./counting-link.ts";
export { Dice } from "./dice.ts";
export { FakeClock } from "./fake-clock.ts";
export {
  type BytePipe,
  decodeRaw,
  encodeRaw,
  type RawCancelParts,
  type RawCredit,
  type RawData,
  type RawDataParts,
  type RawError,
  type RawErrorParts,
  type RawFrame,
  type RawOpen,
  type RawOpenParts,
  RawPeer,
  type RawPeerOptions,
  type RawTimers,
  rawBytes,
  rawFlag,
  rawFrames,
  rawInteger,
  rawJoin,
  rawOpenFlag,
  rawText,
  rawType,
  readRawCredit,
  readRawData,
  readRawDone,
  readRawEnd,
  readRawError,
  readRawJson,
  readRawOpen,
  readRawPing,
} from "./raw-peer.ts";
export { type LaterCase, laterCases } from "./suite/later-cases.ts";
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
