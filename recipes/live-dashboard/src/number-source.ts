/** Numbers without end and how far they have come: two handlers, of which one can be watched while the other waits. */
import type { StreamHandler } from "@sluice/server";
import type { Dashboard } from "../protocol.ts";
import { pause } from "./pause.ts";

/** Milliseconds between two handfuls of numbers. */
const tickMs = 10;

export class NumberSource {
  /** How many numbers the latest stream of a connection has made, by the connection's id. */
  readonly #produced = new Map<string, number>();

  /** 1, 2, 3, … at about `perSecond`, until the caller has had enough; its result says how many. */
  get produce(): StreamHandler<Dashboard, "numbers/produce"> {
    const produced = this.#produced;
    return async function* ({ param, connection, signal }) {
      let number = 0;
      try {
        while (!signal.aborted) {
          for (let rest = (param.perSecond * tickMs) / 1_000; rest > 0; rest--) {
            produced.set(connection.id, ++number);
            yield number; // waits while the window is full
          }
          await pause(tickMs, signal);
        }
        return { total: number };
      } finally {
        produced.delete(connection.id);
        console.log(`Numbers ended: ${signal.reason}`);
      }
    };
  }

  /** How far the numbers of the same connection have come, every `interval` milliseconds. */
  get progress(): StreamHandler<Dashboard, "numbers/progress"> {
    const produced = this.#produced;
    return async function* ({ param, connection, signal }) {
      while (!signal.aborted) {
        yield { produced: produced.get(connection.id) ?? 0 };
        await pause(param.interval, signal);
      }
    };
  }
}
