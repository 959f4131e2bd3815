/**
 * Decodes payloads that cost little to send and much to believe, and reports what each did; run by hostile-payloads.test.ts in a
 * process with a small heap.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { jsonCodec } from "../../src/codec/json-codec.ts";
import { msgpackCodec } from "../../src/codec/msgpack-codec.ts";
import { codeOr, decodePayload } from "./travel.ts";

/** What became of one payload. */
export interface Report {
  readonly codec: string;
  readonly name: string;
  readonly bytes: number;
  /** The code of the refusal; `undefined` if there was none. */
  readonly code: string | undefined;
  /** Processor time of the fastest of five runs, ms: other processes may keep this one waiting. */
  readonly ms: number;
  /** How much the most memory that this process ever had grew in all runs, MiB. */
  readonly peakMiB: number;
}

const maxMessage = 4 * 1024 * 1024;

function repeated(hex: string, length: number): Uint8Array {
  return new Uint8Array(Buffer.alloc(length - (length % (hex.length / 2)), hex, "hex"));
}

function msgpack(...parts: (string | Uint8Array)[]): Uint8Array {
  return new Uint8Array(
    Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "hex") : part))),
  );
}

function json(before: string, repeat: string, after = ""): Uint8Array {
  const count = Math.floor((maxMessage - before.length - after.length) / repeat.length);
  return new TextEncoder().encode(before + repeat.repeat(count) + after);
}

function manyKeys(): Uint8Array {
  const members = Array.from({ length: 300_000 }, (_, i) => `"${i.toString(36)}":0`);
  return new TextEncoder().encode(`{${members.join(",")}}`);
}

const deep = 100_000;

const payloads: readonly [codec: typeof jsonCodec, name: string, make: () => Uint8Array][] = [
  // REL-K3
  [msgpackCodec, "array 32 that announces all there is", () => msgpack("ddffffffff")],
  [msgpackCodec, "map 32 that announces all there is", () => msgpack("dfffffffff")],
  [msgpackCodec, "6,000 bytes of array 16 inside of each other", () => repeated("dcffff", 6_000)],
  [msgpackCodec, "72,000 bytes of array 16 inside of each other", () => repeated("dcffff", 72_000)],
  [msgpackCodec, "map 16 inside of each other", () => repeated("deffffa161", 72_000)],
  [msgpackCodec, "array 32 inside of each other, each with what is left", chain],
  [msgpackCodec, "bin 32 that announces all there is", () => msgpack("c6ffffffff", new Uint8Array(100))],
  [msgpackCodec, "str 32 that announces all there is", () => msgpack("dbffffffff", new Uint8Array(100))],
  [msgpackCodec, "4 MiB of empty arrays", () => wide("90")],
  [msgpackCodec, "4 MiB of empty maps", () => wide("80")],
  [msgpackCodec, "4 MiB of nil", () => wide("c0")],
  // REL-K4
  [msgpackCodec, "100,000 arrays inside of each other", () => msgpack(repeated("91", deep), "c0")],
  [msgpackCodec, "100,000 maps inside of each other", () => msgpack(repeated("81a161", 3 * deep), "c0")],
  [jsonCodec, "100,000 arrays inside of each other", () => text("[".repeat(deep) + "]".repeat(deep))],
  [
    jsonCodec,
    "100,000 objects inside of each other",
    () => text('{"a":'.repeat(deep) + 0 + "}".repeat(deep)),
  ],
  [jsonCodec, "100,000 arrays that do not end", () => text("[".repeat(deep))],
  [jsonCodec, "4 MiB of arrays inside of each other", () => json("", "[")],
  [jsonCodec, "4 MiB of empty objects", () => json("[", "{},", "{}]")],
  [jsonCodec, "4 MiB of empty arrays", () => json("[", "[],", "[]]")],
  [jsonCodec, "4 MiB of objects with one member", () => json("[", '{"a":{}},', "0]")],
  [jsonCodec, "4 MiB of numbers", () => json("[", "0,", "0]")],
  [jsonCodec, "4 MiB of fractions", () => json("[", "1.5,", "0]")],
  [jsonCodec, "4 MiB of empty texts", () => json("[", '"",', "0]")],
  [jsonCodec, "300,000 members", manyKeys],
  [jsonCodec, "4 MiB of quotes", () => json("", '"')],
  [jsonCodec, "4 MiB of backslashes in a text", () => json('"', "\\", "")],
  [jsonCodec, "4 MiB of white space", () => json("[", " ", "")],
];

function text(of: string): Uint8Array {
  return new TextEncoder().encode(of);
}

/** An array of 4 MiB whose elements are one byte each. */
function wide(element: string): Uint8Array {
  const payload = new Uint8Array(maxMessage).fill(Number.parseInt(element, 16));
  payload[0] = 0xdd;
  new DataView(payload.buffer).setUint32(1, maxMessage - 5);
  return payload;
}

/** Every array announces exactly as many elements as there are bytes behind it. */
function chain(): Uint8Array {
  const payload = new Uint8Array(50_000).fill(0xc0);
  const view = new DataView(payload.buffer);
  for (let at = 0; at + 5 <= payload.length; at += 5) {
    view.setUint8(at, 0xdd);
    view.setUint32(at + 1, payload.length - at - 5);
  }
  return payload;
}

const peakKiB = (): number => process.resourceUsage().maxRSS;

function report([codec, name, make]: (typeof payloads)[number]): Report {
  const payload = make();
  const peak = peakKiB();
  let ms = Infinity;
  let code: string | undefined;
  for (let run = 0; run < 5; run++) {
    const from = process.cpuUsage();
    const read = codeOr(() => decodePayload(codec, payload));
    const { user, system } = process.cpuUsage(from);
    ms = Math.min(ms, (user + system) / 1000);
    code = (read as { code?: string } | null)?.code;
  }
  return { codec: codec.name, name, bytes: payload.length, code, ms, peakMiB: (peakKiB() - peak) / 1024 };
}

if (process.send !== undefined) {
  // Hooks of async contexts have turned a full stack into the end of the process.
  new AsyncLocalStorage<number>().run(1, () => process.send?.(payloads.map(report)));
  process.disconnect?.();
}
