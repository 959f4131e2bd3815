// One process of curves.mjs: a server, or a relay on the way to one. Answers each message with the CPU it has taken so far.
//
//     node bench/curves-peer.mjs server ADDRESS PROCEDURES
//     node bench/curves-peer.mjs relay ADDRESS TARGET
import { Relay } from "@sluice/protocol/wire";
import { Server } from "@sluice/server";
import { listenSocket, SocketTransport } from "@sluice/transport-socket";
import { protocolOf } from "./curves-protocol.mjs";

const [role, path, rest] = process.argv.slice(2);
const limits = { maxCalls: 20_000, maxQueue: 20_000, maxConcurrentHandlers: 20_000, maxBuffered: 2 ** 30 };

if (role === "relay") {
  const relay = new Relay({ to: new SocketTransport({ socket: rest }), limits });
  await listenSocket({ path }).listen((link) => void relay.accept(link));
} else {
  const protocol = protocolOf(Number(rest));
  const echo = async ({ param }) => param;
  const handlers = Object.fromEntries(Object.keys(protocol).map((name) => [name, echo]));
  const server = new Server({
    protocol,
    public: true,
    limits: { ...limits, maxConnections: 10_000 },
    handlers: {
      ...handlers,
      async *texts({ param: { count, text } }) {
        for (let i = 0; i < count; i++) yield text;
      },
      async *wait({ signal }) {
        yield "here";
        await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      },
    },
  });
  await server.listen(`unix:${path}`);
}
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send({ cpu: user + system });
});
process.on("disconnect", () => process.exit());
process.send("listening");
