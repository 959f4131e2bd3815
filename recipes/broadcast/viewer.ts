/** A viewer: looks at every frame that it gets, for as long as it likes. */
import { setTimeout } from "node:timers/promises";
import { connect } from "@sluice/client";
import { camera } from "./protocol.ts";

export class Viewer {
  /** Frames that it got. */
  seen = 0;
  /** The number of the newest one. */
  newest = 0;

  /** Watches until the camera stops, and looks at each frame for `pauseMs`. Resolves when there are no more. */
  async watch(url: string, how: "live" | "recording", pauseMs: number): Promise<void> {
    await using client = await connect(url, { protocol: camera });
    for await (const { number } of client.stream("frames/watch", { param: how })) {
      this.seen++;
      this.newest = number;
      if (pauseMs > 0) await setTimeout(pauseMs);
    }
  }
}
