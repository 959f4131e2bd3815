// Sluice with MessagePack in place of JSON.
import { msgpackCodec } from "@sluice/protocol/msgpack";
import { connectWith } from "./sluice.mjs";

export { serve } from "./sluice.mjs";
export const connect = (address) => connectWith(address, { codec: msgpackCodec });
