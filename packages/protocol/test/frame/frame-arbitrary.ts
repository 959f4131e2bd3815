/** Random frames that an encoder may be given, with payloads as bytes at any place of larger memory. */
import fc from "fast-check";
import { type Frame, FrameType, type PayloadFields } from "../../src/frame/frame.ts";
import { anyText } from "./any-text.ts";

const bit = fc.boolean();
const u32 = fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
const u48 = fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 2 ** 48 - 1 }));
const call = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 2 ** 32 - 1 }));

const name = anyText(60).filter((word) => word !== "");
/** Objects as JSON carries them: it has no −0. */
const json = fc
  .dictionary(anyText(8), fc.jsonValue({ maxDepth: 2, noUnicodeString: false }), {
    maxKeys: 4,
    noNullPrototype: true,
  })
  .map((value): unknown => JSON.parse(JSON.stringify(value)));

/** A range inside of bytes; sometimes of the size where payloads are no longer copied. */
const range = fc
  .oneof({ arbitrary: fc.nat(40), weight: 8 }, { arbitrary: fc.integer({ min: 4090, max: 4100 }), weight: 1 })
  .chain((length) => fc.tuple(fc.nat(5), fc.constant(length), fc.nat(255)))
  .map(([before, length, first]) => {
    const payload = Uint8Array.from({ length: before + length + 3 }, (_, i) => first + i);
    return { payload, start: before, end: before + length };
  });

/** A payload's fields; `total` is what a decoder would say. */
const payload = (isFirst: fc.Arbitrary<boolean>): fc.Arbitrary<PayloadFields & { readonly head: boolean }> =>
  fc
    .record({ range, more: bit, raw: bit, isFirst, total: u32 })
    .map(({ range: { payload: bytes, start, end }, more, raw, isFirst: first, total }) => ({
      more,
      raw,
      head: more && first,
      total: more && first ? total : end - start,
      payload: bytes,
      start,
      end,
    }));

const data = fc
  .record({
    type: fc.constantFrom(FrameType.DATA, FrameType.RESULT),
    call,
    offset: u48,
    fields: payload(bit),
  })
  .map(({ fields, ...frame }) => ({ ...frame, ...fields }));

const open = fc
  .record({
    call,
    fields: payload(fc.constant(true)),
    halfClosed: bit,
    event: bit,
    stop: bit,
    routed: bit,
    key: fc.record({ originHigh: u32, originLow: u32, number: u32 }),
    timeoutMs: u32,
    window: u32,
    maxWindow: u32,
    procedure: name,
    metadata: fc.oneof(fc.constant(""), anyText(200)),
    resume: fc.option(fc.record({ received: u48, limit: u48 }), { nil: undefined }),
  })
  .map(({ fields: { head: _, ...fields }, ...frame }) => ({ type: FrameType.OPEN, ...frame, ...fields }));

const error = fc
  .record({
    call,
    offset: u48,
    circuit: bit,
    raw: bit,
    range,
    body: fc.record(
      {
        code: anyText(20),
        message: anyText(60),
        retryable: bit,
        processed: fc.constantFrom("no", "maybe"),
        origin: anyText(9),
      },
      { requiredKeys: ["code", "message"], noNullPrototype: true },
    ),
  })
  .map(({ range: { payload: bytes, start, end }, ...frame }) => ({
    type: FrameType.ERROR,
    ...frame,
    payload: bytes,
    start,
    end,
  }));

const ms = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const link = { call: fc.constant(0 as const) };

const kinds: readonly fc.Arbitrary<unknown>[] = [
  fc.record({ type: fc.constant(FrameType.HELLO), ...link, hello: json }),
  fc.record({ type: fc.constant(FrameType.WELCOME), ...link, welcome: json }),
  open,
  fc.record({
    type: fc.constant(FrameType.ACCEPT),
    call,
    body: fc.record({ peer: anyText(40), epoch: anyText(16) }, { noNullPrototype: true }),
  }),
  data,
  data,
  data,
  fc.record({ type: fc.constant(FrameType.CREDIT), call, received: u48, limit: u48 }),
  fc.record({ type: fc.constant(FrameType.END), call, offset: u48 }),
  error,
  fc.record({ type: fc.constant(FrameType.CANCEL), call, abort: bit, reason: anyText(40) }),
  fc.record({
    type: fc.constant(FrameType.DONE),
    ...link,
    rest: bit,
    calls: fc.array(u32, { maxLength: 6 }),
  }),
  fc.record({ type: fc.constant(FrameType.PING), ...link, answer: bit, nonce: u32 }),
  fc.record({ type: fc.constant(FrameType.DRAIN), ...link, grace: ms, retry: ms }),
  fc.record(
    {
      type: fc.constant(FrameType.CLOSE),
      ...link,
      code: anyText(20),
      reason: anyText(60),
      versions: fc.array(fc.nat(9)),
    },
    { requiredKeys: ["type", "call", "code", "reason"] },
  ),
];

export const anyFrame = fc.oneof(...kinds).map((frame) => ({ ...(frame as object) }) as Frame);

export const anyFrames = fc.array(anyFrame, { minLength: 1, maxLength: 12 });
