/** Client and server in one: ready when it resolves, gone when it is disposed. */
import type { ProtocolDefinition } from "@sluice/protocol";
import { finishesCleanly } from "@sluice/protocol/testing/node";
import { standalone } from "@sluice/transport-memory";
import { expect, test } from "vitest";

const protocol = {
  add: {
    type: "request",
    param: { type: "array", prefixItems: [{ type: "number" }, { type: "number" }], minItems: 2 },
    result: { type: "number" },
  },
  same: { type: "request", param: true, result: true },
  who: { type: "request", result: { type: "string" } },
  count: { type: "stream", receive: { type: "integer" }, result: { type: "string" } },
} as const satisfies ProtocolDefinition;

const handlers = {
  add: ({ param: [a, b] }: { param: readonly [number, number, ...unknown[]] }) => a + b,
  same: ({ param }: { param: unknown }) => param,
  who: () => "nobody",
  async *count({ signal }: { signal: AbortSignal }) {
    for (let n = 0; !signal.aborted; n++) yield n;
    return String(signal.reason);
  },
};

test("standalone resolves with a client that is connected, and checks values", async () => {
  const client = await standalone({ protocol, handlers });
  expect(client.status).toBe("connected");
  expect(await client.request("add", { param: [1, 2] })).toBe(3);
  expect(await client.api.add(3, 4)).toBe(7);
  await expect(client.request("add", { param: ["1", 2] as never })).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
  });
  await client.dispose();
});

test("standalone gives handlers their context, and both sides what they share", async () => {
  const client = await standalone({
    protocol,
    context: { name: "ada" },
    handlers: { ...handlers, who: ({ context }) => context.name },
    limits: { maxMessage: 1_024 },
    validate: "none",
    timeout: 60_000,
  });
  expect(await client.request("who")).toBe("ada");
  expect(await client.request("add", { param: ["1", 2] as never })).toBe("12");
  await expect(client.request("same", { param: "x".repeat(1_000) })).rejects.toMatchObject({
    code: "RESOURCE_EXHAUSTED",
  });
  await client.dispose();
});

test.each([
  ["shared", true],
  ["cloned", false],
  ["bytes", false],
] as const)("standalone carries %s values", async (values, isSame) => {
  const client = await standalone({ protocol, handlers, values });
  const list = [1];
  const came = await client.request("same", { param: list });
  expect([came, came === list]).toEqual([[1], isSame]);
  await client.dispose();
});

test("disposing a standalone client ends its calls and its server, and leaves nothing behind", () =>
  finishesCleanly(async () => {
    const client = await standalone({ protocol, handlers });
    const stream = client.stream("count");
    expect((await stream.readable.getReader().read()).value).toBe(0);
    await client.dispose();
    expect(client.status).toBe("closed");
    expect(await stream).toBe("stop");
    await expect(client.request("who")).rejects.toMatchObject({ processed: "no" });
  }));

test("standalone rejects what neither a server nor a client takes", async () => {
  const { add: _, ...missing } = handlers;
  await expect(standalone({ protocol, handlers: missing as typeof handlers })).rejects.toThrow(TypeError);
  await expect(standalone({ protocol, handlers, limits: { maxCalls: 0 } })).rejects.toThrow(RangeError);
});
