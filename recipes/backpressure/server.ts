/** A server whose producer never pauses by itself: it makes items for as long as somebody takes them. */
import { Server } from "@sluice/server";
import { pump } from "./protocol.ts";

/** Bytes of an item. Four of them fit the 64 KiB that may be on their way before the reader has taken one. */
export const itemBytes = 16_000;

export function makeServer(): Server<typeof pump> {
  let produced = 0;
  return new Server({
    protocol: pump,
    public: true,
    handlers: {
      "items/pour": async function* ({ signal }) {
        for (produced = 0; !signal.aborted; ) {
          produced++;
          yield new Uint8Array(itemBytes); // waits here while the reader is busy
        }
        return produced;
      },
      "items/produced": () => produced,
    },
  });
}
