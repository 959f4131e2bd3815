/** The door `./bare`: a client for pages that count each kilobyte. */
export { BareClient } from "./bare-client.ts";
export type { BareClientOptions } from "./client-options.ts";
