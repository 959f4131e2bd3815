/** The door of the `msgpack` codec, apart from the others so that only its users carry msgpackr. */
export { msgpackCodec } from "./codec/msgpack-codec.ts";
