/**
 * Clients of ours that a malicious server attacks, one after the other, in a process with a small heap.
 *
 * Arguments: the address of that server, and that of an honest one, which a client beside them calls all the time.
 */
import { Client } from "@sluice/client";
import { msgpackCodec } from "@sluice/protocol/msgpack";
import { jsonCodec, SluiceError } from "@sluice/protocol/wire";
import { SocketTransport } from "@sluice/transport-socket";
import { type HostileProtocol, protocol } from "../protocol.ts";
import { memoryNow, troubles } from "./report.ts";
import { unencodable, unencodableNames } from "./unencodable.ts";

/** What the test asks for: a new client with `options` that does one thing. */
export interface Attempt {
  readonly call: keyof typeof calls;
  readonly options?: object;
  /** Default: json. */
  readonly codec?: "json" | "msgpack";
  /** How often, where a call is repeated. */
  readonly count?: number;
}

/** How it ended. */
export interface AttemptEnd {
  /** `CODE processed`, or the result as JSON. */
  readonly ended: string;
  /** The client's status then. */
  readonly status: string;
  /** Calls to the honest server that went well meanwhile. */
  readonly neighbourCalls: number;
}

const [, , malicious = "", honest] = process.argv;
const codecs = { json: jsonCodec, msgpack: msgpackCodec };
const neighbour =
  honest === undefined
    ? undefined
    : new Client({ protocol, transport: new SocketTransport({ socket: honest }), reconnect: false });

const nothing = (): void => {};
/** What a malicious server makes a client log is no news here. */
const silent = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };

/** `CODE processed` of an error. */
function endOf(reason: unknown): string {
  return SluiceError.is(reason) ? `${reason.code} ${reason.processed}` : String(reason);
}

/** A value as text: JSON, bytes in hexadecimal digits. */
function shown(value: unknown): string {
  const text = JSON.stringify(value, (_, member) =>
    member instanceof Uint8Array ? `0x${Buffer.from(member).toString("hex")}` : member,
  );
  return text ?? "undefined";
}

/** Handlers of ours that the server has called and that do not end, and the most of them at once. */
const ignoring = { now: 0, most: 0 };
const served = {
  clientProtocol: { ignore: protocol.ignore },
  handlers: {
    ignore(): Promise<never> {
      ignoring.now++;
      ignoring.most = Math.max(ignoring.most, ignoring.now);
      return new Promise(() => {});
    },
  },
};

const calls = {
  /** Serves calls of the server. Ends with the session, and tells the most handlers that ever ran at once. */
  async serve(client: Client<HostileProtocol>) {
    const end = await client.request("echo", { param: "x" }).catch(endOf);
    return [end, ignoring.most];
  },
  ready: (client: Client<HostileProtocol>) => client.ready,
  echo: (client: Client<HostileProtocol>) => client.request("echo", { param: "x" }),
  /** However the first call ends: the session has to be there for the second. */
  async echoTwice(client: Client<HostileProtocol>) {
    const first = await client.request("echo", { param: "x" }).catch(endOf);
    return [first, await client.request("echo", { param: "y" })];
  },
  /** One after the other; how each has ended. All results are kept until the last has come. */
  async echoMany(client: Client<HostileProtocol>, { count = 1 }: Attempt) {
    const ends: (() => string)[] = [];
    for (let at = 0; at < count; at++) {
      const end = await client.request("echo", { param: at }).then(
        (value) => () => shown(value),
        (reason) => () => endOf(reason),
      );
      ends.push(end);
    }
    return ends.map((end) => end());
  },
  /** Sends what cannot be sent, and then what can. */
  async offer(client: Client<HostileProtocol>) {
    const ends: unknown[] = [];
    for (const name of unencodableNames) {
      ends.push(await client.request("echo", { param: unencodable(name) }).catch(endOf));
    }
    return [...new Set(ends), await client.request("echo", { param: "fine" })];
  },
  /** Opens a stream and reads nothing. */
  unread: (client: Client<HostileProtocol>) => client.stream("pour", { param: { bytes: 1 } }).result,
  /** Opens a stream and counts its items. */
  async read(client: Client<HostileProtocol>) {
    let count = 0;
    for await (const _ of client.stream("pour", { param: { bytes: 1 } })) count++;
    return count;
  },
  /** Opens a channel and writes items of 60,000 bytes without end. */
  write(client: Client<HostileProtocol>) {
    async function* endless() {
      for (;;) yield "x".repeat(60_000);
    }
    return client.channel("collect", { send: endless() }).result;
  },
};

/** Calls the honest server until `isOver` says so. Gives how often. A call that fails is told with the other troubles. */
async function callNeighbour(isOver: () => boolean): Promise<number> {
  let count = 0;
  if (neighbour === undefined) return count;
  do {
    const answer = await neighbour.request("echo", { param: count });
    if (answer !== count) throw new Error(`The honest server said ${shown(answer)}`);
    count++;
  } while (!isOver());
  return count;
}

process.on("message", async (question: "report" | Attempt) => {
  if (question === "report") {
    process.send?.({ ...memoryNow(), troubles: troubles() });
    return;
  }
  let isOver = false;
  const neighbourCalls = callNeighbour(() => isOver);
  const client = new Client({
    protocol,
    transport: new SocketTransport({ socket: malicious }),
    reconnect: false,
    logger: silent,
    handshakeTimeout: 2_000,
    codec: codecs[question.codec ?? "json"],
    ...(question.call === "serve" ? served : {}),
    ...question.options,
  });
  const ended = (await (calls[question.call](client, question) as Promise<unknown>).then(
    shown,
    endOf,
  )) as string;
  const { status } = client;
  isOver = true;
  process.send?.({ ended, status, neighbourCalls: await neighbourCalls } satisfies AttemptEnd);
  await client.dispose();
});
process.once("disconnect", () => void neighbour?.dispose());
process.send?.("started");
