// The server that is attacked: a Server with its defaults, in a process of its own, which says what it has used.
import { Server } from "@sluice/server";
import { protocol } from "./protocol.mjs";

const [address] = process.argv.slice(2);
const item = new Uint8Array(1_024);
const quiet = () => {};

const server = new Server({
  protocol,
  public: true,
  // What attackers cause is no news here, and writing it down would cost the neighbour's time.
  logger: { trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet },
  handlers: {
    ask: ({ param }) => param,
    // Ignores its signal, as the worst handlers do.
    wait: ({ param }) => new Promise((resolve) => setTimeout(resolve, param)),
    size: ({ param }) => param.length,
    async pour({ writable, signal }) {
      const writer = writable.getWriter();
      while (!signal.aborted) await writer.write(item);
    },
  },
});

process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send({ cpu: (user + system) / 1000, at: performance.now(), rss: process.memoryUsage().rss });
});
process.on("disconnect", () => process.exit());
const [ready] = await server.listen(address);
process.send({ ready });
