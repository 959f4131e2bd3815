/** A server of one procedure of each kind that counts how often its handlers run, and what becomes of a call of each. */
import type { ProtocolDefinition, SluiceError } from "@sluice/protocol";
import type { World, WorldOptions } from "./world.ts";

const text = { type: "string" } as const;
export const protocol = {
  read: { type: "request", param: text, result: text },
  "files/list": { type: "stream", receive: text },
  "files/put": { type: "channel", send: text, receive: text },
  seen: { type: "event", data: text },
} as const satisfies ProtocolDefinition;

/** A server whose handlers count how often they run. */
export function counting(options: WorldOptions): {
  readonly ran: () => number;
  readonly options: WorldOptions;
} {
  let ran = 0;
  const run = (): string => `run ${++ran}`;
  const stream = async function* () {
    yield run();
  };
  const handlers = { read: run, "files/list": stream, "files/put": stream, seen: run };
  return { ran: () => ran, options: { protocol, handlers, ...options } };
}

/** What becomes of one call of each kind. */
export async function outcomes(world: World, credentials?: unknown): Promise<Record<string, string>> {
  const client = world.connect({ credentials });
  const calls: Record<string, PromiseLike<unknown>> = {
    read: client.request("read", { param: "a" }),
    "files/list": client.stream("files/list").result,
    "files/put": client.channel("files/put").result,
    seen: client.event("seen", { data: "a" }),
    $describe: client.describe(),
  };
  const found: Record<string, string> = {};
  for (const [name, one] of Object.entries(calls)) {
    const outcome = one.then(
      () => "served",
      (reason: SluiceError) => `${reason.code}, ${reason.processed}`,
    );
    found[name] = await world.until(outcome);
  }
  return found;
}

/** The same outcome for every call. */
export const all = (outcome: string) => ({
  read: outcome,
  "files/list": outcome,
  "files/put": outcome,
  seen: outcome,
  $describe: outcome,
});
