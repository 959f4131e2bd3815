/** Clients whose user code fails where they are told to, beside one that calls all the time. Argument: the server's address. */
import { Client } from "@sluice/client";
import { SluiceError } from "@sluice/protocol";
import { SocketTransport } from "@sluice/transport-socket";
import { canary, type Fault, misbehave } from "./misbehave.ts";
import { memoryNow, troubles } from "./report.ts";
import { userProtocol } from "./user-protocol.ts";

/** What the test asks for: a client that does `act` while the user code of `hook` fails. */
export interface UserAttempt {
  readonly hook: "credentials" | "before" | "after" | "listener" | "logger" | "items" | "handler";
  readonly fault: Fault;
}

export interface UserAttemptEnd {
  /** `CODE processed`, or the result as JSON. */
  readonly ended: string;
  /** Whether the error, its causes aside, says what the user's code has thrown. */
  readonly tells: boolean;
  /** How long `dispose()` took, ms. */
  readonly disposeMs: number;
  readonly neighbourCalls: number;
}

const transport = (): SocketTransport => new SocketTransport({ socket: process.argv[2] as string });
const neighbour = new Client({ protocol: userProtocol, transport: transport(), reconnect: false });

async function run({ hook, fault }: UserAttempt): Promise<Omit<UserAttemptEnd, "neighbourCalls">> {
  const at = (place: UserAttempt["hook"]): Fault | undefined => (place === hook ? fault : undefined);
  const log = (): void => void misbehave(at("logger"), undefined);
  const client = new Client({
    protocol: userProtocol,
    transport: transport(),
    reconnect: false,
    timeout: 300,
    graceMs: 100,
    logger: { trace: log, debug: log, info: log, warn: log, error: log },
    credentials: () => misbehave(at("credentials"), {}),
    handlers: { work: () => misbehave(at("handler"), "worked") },
  });
  client.use(async (_, next) => {
    await misbehave(at("before"), undefined);
    const result = await next();
    return misbehave(at("after"), result);
  });
  client.on("status", () => void misbehave(at("listener"), undefined));
  async function* items() {
    yield 1;
    await misbehave(at("items"), undefined);
  }
  const act = async (): Promise<unknown> => {
    if (hook === "items") return client.channel("upload", { send: items() });
    if (hook === "handler" || hook === "logger") return client.request("callBack");
    return client.request("work", { param: 1 });
  };
  let tells = false;
  const ended = await act().then(
    (value) => JSON.stringify(value),
    (reason) => {
      tells = String(reason).includes(canary);
      return SluiceError.is(reason) ? `${reason.code} ${reason.processed}` : String(reason);
    },
  );
  const startedAt = performance.now();
  await client.dispose();
  return { ended, tells, disposeMs: performance.now() - startedAt };
}

process.on("message", async (question: "report" | UserAttempt) => {
  if (question === "report") {
    process.send?.({ ...memoryNow(), troubles: troubles() });
    return;
  }
  let isOver = false;
  const calling = (async () => {
    let count = 0;
    do {
      if ((await neighbour.request("echo", { param: count })) !== count) throw new Error("another answer");
      count++;
    } while (!isOver);
    return count;
  })();
  const end = await run(question);
  isOver = true;
  process.send?.({ ...end, neighbourCalls: await calling } satisfies UserAttemptEnd);
});
process.once("disconnect", () => void neighbour.dispose());
await neighbour.ready;
process.send?.("started");
