// Sluice without sessions: a lost link ends its calls.
import { connectWith } from "./sluice.mjs";

export { serve } from "./sluice.mjs";
export const connect = (address) => connectWith(address, { session: false });
