/** Programs in the form that the guides give them: a dashboard and a counter, typed from their protocols alone. */
import { expectTypeOf, test } from "vitest";
import type { ChannelHandler, RequestHandler, StreamHandler } from "../../src/definition/handler-types.ts";
import type { AnyClientMessageOf, AnyServerMessageOf } from "../../src/definition/message-types.ts";
import type { ProtocolDefinition } from "../../src/definition/protocol-definition.ts";
import { Client, Server, SocketTransport } from "./declared-peers.ts";

const level = { type: "string", enum: ["debug", "info", "warn", "error"] } as const;

const dashboard = {
  "metrics/stream": {
    type: "stream",
    param: {
      type: "object",
      properties: { interval: { type: "number" } },
      required: ["interval"],
      additionalProperties: false,
    },
    receive: {
      type: "object",
      properties: { cpu: { type: "number" }, memory: { type: "number" }, timestamp: { type: "number" } },
      required: ["cpu", "memory", "timestamp"],
      additionalProperties: false,
    },
    result: {
      type: "object",
      properties: { totalSamples: { type: "number" } },
      required: ["totalSamples"],
      additionalProperties: false,
    },
  },
  "logs/watch": {
    type: "channel",
    param: { type: "object", properties: { level }, required: ["level"], additionalProperties: false },
    send: { type: "object", properties: { level }, required: ["level"], additionalProperties: false },
    receive: {
      type: "object",
      properties: { level: { type: "string" }, message: { type: "string" }, timestamp: { type: "number" } },
      required: ["level", "message", "timestamp"],
      additionalProperties: false,
    },
    result: { type: "object", properties: { totalLogs: { type: "number" } }, required: ["totalLogs"] },
  },
  "system/restart": {
    type: "request",
    param: { type: "object", properties: { service: { type: "string" } }, required: ["service"] },
    result: {
      type: "object",
      properties: { success: { type: "boolean" }, message: { type: "string" } },
      required: ["success", "message"],
    },
  },
} as const satisfies ProtocolDefinition;

type Dashboard = typeof dashboard;
type Level = "debug" | "info" | "warn" | "error";

const metrics: StreamHandler<Dashboard, "metrics/stream"> = async ({ param, writable, signal }) => {
  const writer = writable.getWriter();
  let samples = 0;
  const sample = async (): Promise<void> => {
    await writer.write({ cpu: 1.5, memory: 40, timestamp: Date.now() });
    samples++;
  };
  const timer = setInterval(sample, param.interval);
  signal.addEventListener("abort", () => {
    clearInterval(timer);
    void writer.close();
  });
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve());
  });
  return { totalSamples: samples };
};

const logs: ChannelHandler<Dashboard, "logs/watch"> = async ({ param, readable, writable, signal }) => {
  const writer = writable.getWriter();
  const reader = readable.getReader();
  let current = param.level;
  expectTypeOf(current).toEqualTypeOf<Level>();
  let totalLogs = 0;
  while (!signal.aborted) {
    const { done, value } = await reader.read();
    if (done) break;
    current = value.level;
    writer.write({ level: current, message: "changed", timestamp: Date.now() }).catch(() => {});
    totalLogs++;
  }
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  return { totalLogs };
};

const restart: RequestHandler<Dashboard, "system/restart"> = async ({ param }) => {
  try {
    return { success: true, message: `${param.service} was restarted` };
  } catch (error) {
    return { success: false, message: error instanceof Error ? error.message : "Unknown error" };
  }
};

test("the dashboard's server takes handlers that were typed by name", () => {
  const transport = new SocketTransport<
    AnyClientMessageOf<typeof dashboard>,
    AnyServerMessageOf<typeof dashboard>
  >({
    socket: {},
  });
  const server = new Server({
    protocol: dashboard,
    transport,
    handlers: { "metrics/stream": metrics, "logs/watch": logs, "system/restart": restart },
    public: true,
  });
  expectTypeOf(server).toEqualTypeOf<Server<Dashboard>>();
  expectTypeOf(transport.dispose()).toEqualTypeOf<Promise<void>>();
});

test("the dashboard's client knows its protocol from the transport", async () => {
  const transport = new SocketTransport<
    AnyServerMessageOf<typeof dashboard>,
    AnyClientMessageOf<typeof dashboard>
  >({
    socket: "/tmp/dashboard.sock",
  });
  const client = new Client({ transport });

  const metricsStream = client.stream("metrics/stream", { param: { interval: 2000 } });
  for await (const metric of metricsStream.readable) {
    expectTypeOf(metric).toEqualTypeOf<{ cpu: number; memory: number; timestamp: number }>();
    metric.cpu.toFixed(2);
  }
  const result = await metricsStream;
  expectTypeOf(result.totalSamples).toEqualTypeOf<number>();

  const logsChannel = client.channel("logs/watch", { param: { level: "info" } });
  for await (const log of logsChannel.readable) log.message.toUpperCase();
  const writer = logsChannel.writable.getWriter();
  await writer.write({ level: "error" });
  // @ts-expect-error no such level
  await writer.write({ level: "fatal" });
  writer.releaseLock();
  expectTypeOf((await logsChannel).totalLogs).toEqualTypeOf<number>();

  const restarted = await client.request("system/restart", { param: { service: "web" } });
  expectTypeOf(restarted).toEqualTypeOf<{ success: boolean; message: string }>();
  await client.dispose();
});

test("the counter types its inline handler, whatever the order of its options", () => {
  const protocol = {
    counter: {
      type: "stream",
      param: { type: "object", properties: { max: { type: "number" } }, required: ["max"] },
      receive: { type: "object", properties: { count: { type: "number" } }, required: ["count"] },
      result: { type: "object", properties: { total: { type: "number" } }, required: ["total"] },
    },
  } as const satisfies ProtocolDefinition;
  type Protocol = typeof protocol;

  new Server({
    protocol,
    transport: new SocketTransport<AnyClientMessageOf<Protocol>, AnyServerMessageOf<Protocol>>({
      socket: {},
    }),
    public: true,
    handlers: {
      counter: async ({ param, writable, signal }) => {
        const writer = writable.getWriter();
        for (let count = 1; count <= param.max; count++) {
          if (signal.aborted) break;
          await writer.write({ count });
        }
        return { total: param.max };
      },
    },
  });
  new Server({
    handlers: {
      counter: async function* ({ param: { max } }) {
        for (let count = 1; count <= max; count++) yield { count };
        return { total: max };
      },
    },
    protocol,
  });

  const client = new Client({
    transport: new SocketTransport<AnyServerMessageOf<Protocol>, AnyClientMessageOf<Protocol>>({
      socket: "/tmp/c",
    }),
  });
  const stream = client.stream("counter", { param: { max: 5 } });
  const read = async (): Promise<number> => {
    for await (const message of stream.readable) expectTypeOf(message).toEqualTypeOf<{ count: number }>();
    const { total } = await stream;
    return total;
  };
  expectTypeOf(read).returns.toEqualTypeOf<Promise<number>>();
});
