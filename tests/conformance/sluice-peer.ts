/**
 * Our own client and server as a peer under test of the conformance kit: told what to do by lines of JSON on the standard input.
 *
 * Spec: docs/conformance-kit.md.
 */
import { once } from "node:events";
import { createInterface } from "node:readline";
import { Client } from "@sluice/client";
import { type ProtocolDefinition, SluiceError } from "@sluice/protocol";
import { silentLogger } from "@sluice/protocol/wire";
import { Server } from "@sluice/server";
import { listenSocket, SocketTransport } from "@sluice/transport-socket";

const any = {} as const;

const protocol = {
  echo: {
    type: "request",
    param: any,
    result: any,
    errors: { NO_STOCK: { data: { type: "object" } } },
  },
  metadata: { type: "request", result: any },
  fail: { type: "request", param: any, errors: { NO_STOCK: { data: { type: "object" } } } },
  crash: { type: "request" },
  wait: { type: "request", result: any },
  stopped: { type: "request", param: { type: "integer" }, result: any },
  count: { type: "stream", param: { type: "integer" }, receive: any, result: any },
  letters: { type: "stream", param: { type: "integer" }, receive: any },
  sum: { type: "channel", send: any, result: any },
  deaf: { type: "channel", send: any, result: any },
  chat: { type: "channel", send: any, receive: any, result: any },
} as const satisfies ProtocolDefinition;

interface Command {
  readonly id: number;
  readonly do: string;
  readonly [option: string]: unknown;
}

let server: Server<typeof protocol, undefined> | undefined;
let client: Client<ProtocolDefinition> | undefined;

function makeServer(): Server<typeof protocol, undefined> {
  const ends = new EventTarget();
  let ended = 0;
  const untilStopped = async ({ signal }: { readonly signal: AbortSignal }): Promise<string> => {
    if (!signal.aborted) await once(signal, "abort");
    ended++;
    ends.dispatchEvent(new Event("one"));
    return "stopped";
  };
  return new Server({
    protocol,
    public: true,
    logger: silentLogger,
    handlers: {
      echo: ({ param }) => param,
      metadata: ({ metadata }) => ({ ...metadata }),
      fail: ({ param, fail }) => fail("NO_STOCK", { left: param as number }),
      crash() {
        throw new Error("a secret");
      },
      wait: untilStopped,
      deaf: untilStopped,
      async stopped({ param }) {
        while (ended < param) await once(ends, "one");
        return ended;
      },
      async *count({ param }) {
        for (let n = 1; n <= param; n++) yield n;
        return param;
      },
      async *letters({ param }) {
        for (let n = 0; n < param; n++) yield "a".repeat(5_000);
      },
      async sum({ readable }) {
        let sum = 0;
        for await (const n of readable) sum += n as number;
        return sum;
      },
      async *chat({ readable }) {
        let heard = 0;
        for await (const item of readable) {
          heard++;
          yield item;
        }
        return heard;
      },
    },
  });
}

function told(error: unknown): object {
  if (!SluiceError.is(error)) return { code: "UNKNOWN", message: String(error) };
  const { code, message, processed } = error;
  return { code, message, processed, ...("data" in error ? { data: error.data } : {}) };
}

async function call(command: Command): Promise<object> {
  const {
    procedure,
    kind = "request",
    param,
    items = [],
    take = Number.POSITIVE_INFINITY,
    leave,
    timeout,
    metadata,
  } = command;
  if (client === undefined) throw new Error("There is no client");
  const options = {
    param,
    ...(timeout === undefined ? {} : { timeout: timeout as number }),
    ...(metadata === undefined ? {} : { metadata: metadata as Record<string, string> }),
  };
  const got: unknown[] = [];
  try {
    if (kind === "request") return { result: await client.request(procedure as string, options) };
    const made =
      kind === "stream"
        ? client.stream(procedure as string, options)
        : client.channel(procedure as string, options);
    if ("writable" in made) {
      const writer = (made.writable as WritableStream<unknown>).getWriter();
      const writing = (async () => {
        for (const item of items as unknown[]) await writer.write(item);
        await writer.close();
      })();
      writing.catch(() => {}); // the call says why
    }
    if (take !== 0) {
      for await (const item of made as AsyncIterable<unknown>) {
        got.push(item);
        if (got.length < Number(take)) continue;
        if (leave === "abort") made.abort();
        break;
      }
    }
    return { items: got, result: await made };
  } catch (error) {
    return { items: got, ...told(error) };
  }
}

async function run(command: Command): Promise<object> {
  switch (command.do) {
    case "describe":
      return { name: "Sluice", roles: ["acceptor", "connector"], codecs: ["json"] };
    case "listen": {
      server = makeServer();
      const [address] = await server.listen(listenSocket({ port: 0 }));
      return { address };
    }
    case "connect": {
      client = new Client<ProtocolDefinition>({
        protocol,
        transport: new SocketTransport({ socket: command.address as string }),
        logger: silentLogger,
        reconnect: false,
        retry: false,
        graceMs: 0,
      });
      return client.ready.then(() => ({ connected: true }), told);
    }
    case "call":
      return call(command);
    case "close":
      await Promise.all([client?.dispose(), server?.dispose()]);
      client = undefined;
      server = undefined;
      return { closed: true };
    default:
      return { unknown: command.do };
  }
}

createInterface({ input: process.stdin }).on("line", (line) => {
  const command = JSON.parse(line) as Command;
  run(command).then(
    (answer) => process.stdout.write(`${JSON.stringify({ id: command.id, ...answer })}\n`),
    (error) => process.stdout.write(`${JSON.stringify({ id: command.id, trouble: String(error) })}\n`),
  );
});
