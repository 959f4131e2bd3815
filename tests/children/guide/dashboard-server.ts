/**
 * A dashboard's server as a guide writes it: an own `net.Server`, a transport and a server per socket, handlers that work from
 * timers, close their writer in an abort listener and start a reader that they do not await. Argument: the socket's path.
 */
import { EventEmitter as NodeEmitter } from "node:events";
import { createServer } from "node:net";
import { type AnyClientMessageOf, type AnyServerMessageOf, EventEmitter } from "@sluice/protocol";
import { type ChannelHandler, type RequestHandler, Server, type StreamHandler } from "@sluice/server";
import { SocketTransport } from "@sluice/transport-socket";
import { type Dashboard, dashboard } from "./protocol.ts";

const path = process.argv[2] as string;
const levels = ["debug", "info", "warn", "error"] as const;
type Level = (typeof levels)[number];
interface Entry {
  level: Level;
  message: string;
  timestamp: number;
}

const entries = new NodeEmitter();
let written = 0;
const writing = setInterval(() => {
  const level = levels[written++ % levels.length] as Level;
  entries.emit("entry", { level, message: `line ${written}`, timestamp: Date.now() });
}, 5);

const metrics: StreamHandler<Dashboard, "metrics/stream"> = async ({ param, writable, signal }) => {
  const writer = writable.getWriter();
  let totalSamples = 0;
  const timer = setInterval(async () => {
    try {
      await writer.write({ cpu: 12.5, memory: 50, timestamp: Date.now() });
      totalSamples++;
    } catch (error) {
      console.error("A sample was not sent:", error);
    }
  }, param.interval);
  signal.addEventListener("abort", () => {
    clearInterval(timer);
    writer.close();
  });
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve());
  });
  return { totalSamples };
};

const logs: ChannelHandler<Dashboard, "logs/watch"> = async ({ param, readable, writable, signal }) => {
  const writer = writable.getWriter();
  const reader = readable.getReader();
  let least: Level = param.level;
  let totalLogs = 0;
  const followLevel = async () => {
    while (!signal.aborted) {
      try {
        const { done, value } = await reader.read();
        if (done) break;
        least = value.level;
        console.log(`From now on: ${least}`);
      } catch (error) {
        if (!signal.aborted) console.error("The level cannot be followed:", error);
        break;
      }
    }
  };
  const pass = (entry: Entry) => {
    if (signal.aborted || levels.indexOf(entry.level) < levels.indexOf(least)) return;
    writer.write(entry).catch((error) => {
      console.error("A line was not sent:", error);
    });
    totalLogs++;
  };
  entries.on("entry", pass);
  signal.addEventListener("abort", () => {
    entries.off("entry", pass);
    writer.close();
  });
  void followLevel();
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve());
  });
  return { totalLogs };
};

const restart: RequestHandler<Dashboard, "system/restart"> = async ({ param }) => {
  await new Promise((resolve) => setTimeout(resolve, 10));
  return { success: true, message: `${param.service} was restarted` };
};

const visits = new EventEmitter<{
  connected: { clientId: string };
  disconnected: { clientId: string; reason: string };
}>();
visits.on("connected", ({ clientId }) => console.log(`${clientId} has come`));
visits.on("disconnected", ({ clientId, reason }) => console.log(`${clientId} has left: ${reason}`));

const netServer = createServer((socket) => {
  const transport = new SocketTransport<
    AnyClientMessageOf<typeof dashboard>,
    AnyServerMessageOf<typeof dashboard>
  >({ socket });
  const server = new Server({
    protocol: dashboard,
    transport,
    handlers: { "metrics/stream": metrics, "logs/watch": logs, "system/restart": restart },
    public: true,
  });
  visits.emit("connected", { clientId: "the client" });
  socket.on("close", async () => {
    visits.emit("disconnected", { clientId: "the client", reason: "closed" });
    await transport.dispose();
    await server.dispose();
    // One client was enough.
    clearInterval(writing);
    netServer.close();
  });
  socket.on("error", (error) => {
    console.error("Socket error:", error);
  });
});
netServer.listen(path, () => {
  process.send?.("listening");
  process.disconnect();
});
