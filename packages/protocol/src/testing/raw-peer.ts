/** The raw peer with its parts as one import; the files are in `raw/`. */
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
export { encodeRaw, rawFrames } from "./raw/encode-raw.ts";
export { rawBytes, rawInteger, rawJoin, rawText } from "./raw/raw-bytes.ts";
export { type RawFrame, rawFlag, rawOpenFlag, rawType } from "./raw/raw-frame.ts";
export { type BytePipe, RawPeer } from "./raw/raw-peer.ts";
