/** Clients of ours that a malicious server attacks, one after the other, in a process with a small heap. Argument: the address. */
import { Client } from "@sluice/client";
import { SluiceError } from "@sluice/protocol/wire";
import { SocketTransport } from "@sluice/transport-socket";
import { type HostileProtocol, protocol } from "../protocol.ts";
import { memoryNow, troubles } from "./report.ts";

/** What the test asks for: a new client with `options` that does one thing. */
export interface Attempt {
  readonly call: keyof typeof calls;
  readonly options?: object;
}

/** How it ended. */
export interface AttemptEnd {
  /** `CODE processed`, or the result as JSON. */
  readonly ended: string;
  /** The client's status then. */
  readonly status: string;
}

/** `CODE processed` of an error. */
function endOf(reason: unknown): string {
  return SluiceError.is(reason) ? `${reason.code} ${reason.processed}` : String(reason);
}

const calls = {
  ready: (client: Client<HostileProtocol>) => client.ready,
  echo: (client: Client<HostileProtocol>) => client.request("echo", { param: "x" }),
  /** However the first call ends: the session has to be there for the second. */
  async echoTwice(client: Client<HostileProtocol>) {
    const first = await client.request("echo", { param: "x" }).catch(endOf);
    return [first, await client.request("echo", { param: "y" })];
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

process.on("message", async (question: "report" | Attempt) => {
  if (question === "report") {
    process.send?.({ ...memoryNow(), troubles: troubles() });
    return;
  }
  const transport = new SocketTransport({ socket: process.argv[2] as string });
  const client = new Client({
    protocol,
    transport,
    reconnect: false,
    handshakeTimeout: 500,
    ...question.options,
  });
  const ended = (await calls[question.call](client).then(
    (value: unknown) => JSON.stringify(value) ?? "undefined",
    endOf,
  )) as string;
  const { status } = client;
  process.send?.({ ended, status } satisfies AttemptEnd);
  await client.dispose();
});
process.send?.("started");
