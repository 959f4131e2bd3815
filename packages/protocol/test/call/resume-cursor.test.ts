/** The cursor of a call that goes on: what its OPEN says, and what handlers, guards and other metadata see of it. */
import { describe, expect, it } from "vitest";
import type { HandlerScope } from "../../src/call/handler-scope.ts";
import type { ProtocolDefinition } from "../../src/definition/protocol-definition.ts";
import { SluiceError } from "../../src/errors/sluice-error.ts";
import { FrameType } from "../../src/frame/frame.ts";
import { type CallPair, type CallPairOptions, callPair } from "./call-pair.ts";
import { expectNoUnhandledRejections } from "./unhandled-rejections.ts";

expectNoUnhandledRejections();

const protocol = {
  feed: { type: "stream", receive: { properties: { at: { type: "integer" } } }, cursor: "at" },
  plain: { type: "stream", receive: true },
  ask: { type: "request" },
  note: { type: "event" },
} as const satisfies ProtocolDefinition;

/** A pair whose next OPEN says this metadata, whatever the caller wrote; and what handlers saw. */
async function speaking(
  metadata: string,
  guard?: CallPairOptions["guard"],
): Promise<{ pair: CallPair; seen: Pick<HandlerScope, "cursor" | "metadata">[] }> {
  const seen: Pick<HandlerScope, "cursor" | "metadata">[] = [];
  const see = ({ cursor, metadata: said }: HandlerScope): void => void seen.push({ cursor, metadata: said });
  const handlers = { feed: see, plain: see, ask: see, note: see };
  const pair = await callPair({ protocol, handlers, kind: "structured", ...(guard && { guard }) });
  const { connector } = pair.wire;
  const send = connector.send.bind(connector);
  connector.send = (frame) => send(frame.type === FrameType.OPEN ? { ...frame, metadata } : frame);
  return { pair, seen };
}

function call(pair: CallPair, name: keyof typeof protocol): PromiseLike<unknown> {
  if (name === "ask") return pair.caller.request(name);
  if (name === "note") return pair.caller.event(name);
  return pair.caller.items(name, "stream").result;
}

describe("$cursor in the metadata of an OPEN", () => {
  it("is the handler's `cursor`, and not in its metadata", async () => {
    const { pair, seen } = await speaking('{"$a":"1","trace":"t","$cursor":"7","$z":"2"}');
    await pair.until(call(pair, "feed"));
    expect(seen).toEqual([{ cursor: 7, metadata: { trace: "t" } }]);
    await pair.expectIdle();
  });

  it.each(["plain", "ask", "note"] as const)("means nothing to %s, which has no cursor", async (name) => {
    const { pair, seen } = await speaking('{"$cursor":"[{"}');
    await pair.until(call(pair, name));
    expect(seen).toEqual([{ cursor: undefined, metadata: {} }]);
  });

  it.each(["", "x", '"7"', "7.5", "null", "{}"])(
    "that says %j is refused before the handler",
    async (text) => {
      const { pair, seen } = await speaking(JSON.stringify({ $cursor: text }));
      const error = await pair.failure(call(pair, "feed"));
      expect(error).toMatchObject({ code: "INVALID_ARGUMENT", processed: "no", origin: "remote" });
      expect(error.message).toMatch(/^Invalid cursor of feed: /);
      expect([seen, pair.served]).toEqual([[], []]);
      await pair.expectIdle();
    },
  );

  it("is not looked at before the caller may call", async () => {
    const denied = new SluiceError("PERMISSION_DENIED", "not you");
    const guard = (): never => {
      throw denied;
    };
    const { pair } = await speaking('{"$cursor":"x"}', guard);
    expect(await pair.failure(call(pair, "feed"))).toMatchObject({ code: "PERMISSION_DENIED" });
  });
});

describe("metadata whose names begin with $", () => {
  it("that nobody here knows are for others: no handler sees them", async () => {
    const { pair, seen } = await speaking('{"$later":"x","own":"y"}');
    await pair.until(call(pair, "ask"));
    expect(seen).toEqual([{ cursor: undefined, metadata: { own: "y" } }]);
  });

  it.each(["$cursor", "$", "$later"])("cannot be written by a caller: %s", async (name) => {
    const pair = await callPair({ protocol, handlers: { ask: () => {} } });
    const error = await pair.failure(pair.caller.request("ask", { metadata: { [name]: "7" } }));
    expect(error).toMatchObject({
      code: "INVALID_ARGUMENT",
      processed: "no",
      message: `Invalid metadata "${name}": names with $ are the toolkit's own`,
    });
    expect(pair.served).toEqual([]);
  });
});
