/** A service whose handlers write down what they see of each call, for comparisons of what is the same over any way. */
import type { ProtocolDefinition } from "@sluice/protocol";
import type { HandlersOf } from "@sluice/server";

const any = {} as const;
const integer = { type: "integer" } as const;
const bytes = { type: "string", contentEncoding: "base64" } as const;

export const observed = {
  echo: { type: "request", param: any, result: any },
  bytes: { type: "request", param: bytes, result: bytes },
  strict: {
    type: "request",
    param: { type: "object", properties: { n: { type: "integer", minimum: 0 } }, required: ["n"] },
    result: integer,
  },
  refuse: {
    type: "request",
    param: any,
    errors: { NO_STOCK: { data: any }, CLOSED: { retryable: true } },
  },
  crash: { type: "request" },
  wait: { type: "request", result: any },
  count: { type: "stream", param: integer, receive: any, result: any },
  values: { type: "stream", param: any, receive: any, result: any },
  failing: { type: "stream", param: integer, receive: any, errors: { NO_STOCK: { data: any } } },
  upload: { type: "channel", param: any, send: bytes, result: any },
  chat: { type: "channel", send: any, receive: any, result: any },
  note: { type: "event", data: any },
} as const satisfies ProtocolDefinition;

export type Observed = typeof observed;

/** What happened, by the number of the call, which is in its metadata: what its handler saw, in order. */
export type Seen = Map<string, unknown[]>;

/** Two numbers that differ where bytes differ. */
export function digestOf(data: Uint8Array): readonly [length: number, sum: number] {
  return [data.length, data.reduce((sum, byte) => (sum * 31 + byte) >>> 0, 7)];
}

/** Handlers that note in `seen`, call `noted` for each event, and `waits` when that of a `wait` runs. */
export function observedHandlers(
  seen: Seen,
  noted: () => void = () => {},
  waits: (call: number) => void = () => {},
): HandlersOf<Observed, undefined> {
  const at = (metadata: Readonly<Record<string, string>>): unknown[] => {
    const { call = "?", ...rest } = metadata;
    const lines = seen.get(call) ?? [];
    seen.set(call, lines);
    lines.push({ metadata: rest });
    return lines;
  };
  return {
    echo({ param, metadata }) {
      at(metadata).push({ param });
      return param;
    },
    bytes({ param, metadata }) {
      at(metadata).push(digestOf(param));
      return param;
    },
    strict({ param, metadata }) {
      at(metadata).push({ param });
      // Whoever asks for 13 is given what the schema does not allow.
      return param.n === 13 ? 0.5 : param.n;
    },
    refuse({ param, metadata, fail }) {
      at(metadata).push({ param });
      return param === null ? fail("CLOSED", undefined, "Closed on Sundays") : fail("NO_STOCK", param);
    },
    crash({ metadata }) {
      at(metadata);
      throw new Error("a secret");
    },
    wait({ metadata, signal, deadline }) {
      const lines = at(metadata);
      waits(Number(metadata.call));
      return new Promise((resolve) => {
        signal.addEventListener("abort", () => {
          // Of a deadline either end may tell the handler first.
          lines.push(deadline === undefined ? { aborted: String(signal.reason) } : "aborted");
          resolve(String(signal.reason));
        });
      });
    },
    async *count({ param, metadata }) {
      at(metadata).push({ param });
      for (let n = 1; n <= param; n++) yield { n };
      return { counted: param };
    },
    async *values({ param, metadata }) {
      at(metadata).push({ param });
      for (const value of param as readonly unknown[]) yield value;
      return null;
    },
    async *failing({ param, metadata, fail }) {
      at(metadata).push({ param });
      for (let n = 1; n <= param; n++) yield n;
      fail("NO_STOCK", { after: param });
    },
    async upload({ param, metadata, readable }) {
      const lines = at(metadata);
      lines.push({ param });
      for await (const item of readable) lines.push(digestOf(item));
      lines.push("ended");
      return lines.length;
    },
    async *chat({ metadata, readable }) {
      const lines = at(metadata);
      for await (const item of readable) {
        lines.push({ heard: item });
        if (item === "enough") return "enough";
        yield { back: item };
      }
      lines.push("ended");
      return lines.length;
    },
    note({ data, metadata }) {
      at(metadata).push({ data });
      noted();
    },
  };
}
