/** A peer over its standard streams; its first argument says how it behaves. */
import { Client } from "@sluice/client";
import { SluiceError } from "@sluice/protocol";
import { type HandlersOf, Server } from "@sluice/server";
import { stdioTransport } from "@sluice/transport-socket";
import { protocol } from "../stdio-protocol.ts";

const handlers: HandlersOf<typeof protocol> = {
  produced() {},
  add: ({ param: [a = 0, b = 0] }) => {
    console.log("adding", a, "and", b);
    process.stdout.write("said past the console\n");
    return a + b;
  },
  async *count({ param }) {
    for (let n = 1; n <= param; n++) yield n;
    return "done";
  },
  async *flood({ client }) {
    for (let n = 1; ; n++) {
      await client.event("produced", { data: n });
      yield new Uint8Array(16 * 1024);
    }
  },
  async *fail({ param }) {
    yield 1;
    yield 2;
    // After the items have gone out.
    setImmediate(() => (param === "signal" ? process.kill(process.pid, "SIGTERM") : process.exit(3)));
    await new Promise(() => {});
  },
};

switch (process.argv[2]) {
  case "serve": {
    const server = new Server({ protocol, handlers, public: true });
    server.handle(stdioTransport());
    break;
  }
  case "listen": {
    const server = new Server({ protocol, handlers, public: true });
    console.error((await server.listen("stdio:")).join());
    break;
  }
  case "call": {
    const client = new Client({ protocol, transport: stdioTransport() as never });
    console.error(`the sum is ${await client.request("add", { param: [20, 22] })}`);
    await client.dispose();
    break;
  }
  case "twice": {
    stdioTransport().accept?.(() => {});
    const codes = [];
    for (const take of [() => stdioTransport().connect(), async () => stdioTransport().accept?.(() => {})]) {
      codes.push(await take().catch((error) => SluiceError.is(error) && error.code));
    }
    console.error(codes.join());
    process.exit(0);
    break;
  }
  case "terminal": {
    process.stdout.isTTY = true;
    await stdioTransport()
      .connect()
      .catch((error) => console.error(error.code, error.message));
    break;
  }
}
