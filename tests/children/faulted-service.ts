/** What the processes serve that are killed, suspended and restarted: calls whose messages are numbered, and handlers that write down that they run. */
import type { ProtocolDefinition } from "@sluice/protocol";
import type { HandlersOf } from "@sluice/server";

const integer = { type: "integer" } as const;

export const faulted = {
  /** Gives back each number. The result says how many there were. */
  echo: { type: "channel", send: integer, receive: integer, result: integer },
  /** Counts to its param. */
  count: {
    type: "stream",
    param: integer,
    receive: { type: "object", properties: { n: integer }, required: ["n"] },
    result: integer,
    cursor: "n",
  },
  /** Says how often the process has run it for this number. */
  place: { type: "request", param: integer, result: integer },
  /** Ends when it is told to. */
  wait: { type: "request", param: integer, result: { type: "string" } },
} as const satisfies ProtocolDefinition;

export type Faulted = typeof faulted;

/** What the handlers tell. */
export interface FaultedTold {
  /** A handler of `place` or `wait` runs, for this number. */
  ran?(procedure: "place" | "wait", number: number): void;
  /** The signal of a `wait` has aborted. What it returns is awaited before the handler settles. */
  aborted?(reason: unknown): Promise<void> | void;
}

export function faultedHandlers({ ran, aborted }: FaultedTold = {}): HandlersOf<Faulted, undefined> {
  const places = new Map<number, number>();
  return {
    async *echo({ readable }) {
      let count = 0;
      for await (const n of readable) {
        count++;
        yield n;
      }
      return count;
    },
    async *count({ param, cursor = 0 }) {
      for (let n = cursor + 1; n <= param; n++) {
        yield { n };
        // So that other calls have their turn.
        await new Promise((resolve) => setImmediate(resolve));
      }
      return param;
    },
    async place({ param }) {
      const runs = (places.get(param) ?? 0) + 1;
      places.set(param, runs);
      ran?.("place", param);
      await new Promise((resolve) => setImmediate(resolve));
      return runs;
    },
    async wait({ param, signal }) {
      const told = new Promise<unknown>((resolve) => {
        signal.addEventListener("abort", () => resolve(signal.reason), { once: true });
      });
      ran?.("wait", param);
      const reason = await told;
      await aborted?.(reason);
      return String(reason);
    },
  };
}
