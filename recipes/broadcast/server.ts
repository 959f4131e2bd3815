/** A camera whose frames go to a hub, and a server whose viewers subscribe to it. */
import { broadcast, Server } from "@sluice/server";
import { camera } from "./protocol.ts";

interface Frame {
  readonly number: number;
  readonly pixels: Uint8Array;
}

const hub = broadcast<Frame>({ overflow: "latest", size: 8 });

export const server = new Server({
  protocol: camera,
  public: true,
  handlers: {
    "frames/watch": ({ param, signal }) => {
      const overflow = param === "recording" ? "block" : "latest"; // what happens if this viewer is slow
      return hub.subscribe({ overflow, signal });
    },
  },
});

/** How many watch. */
export function viewers(): number {
  return hub.subscribers;
}

/** Films one frame of 32 KiB: a bright row that wanders over the picture. Waits for viewers who record, and for nobody else. */
export async function film(number: number): Promise<void> {
  const pixels = new Uint8Array(32_768);
  const row = (number % 128) * 256;
  pixels.fill(255, row, row + 256);
  await hub.publish({ number, pixels });
}

/** Viewers get what is left for them; then their streams end. */
export function stopFilming(): void {
  hub.close();
}
