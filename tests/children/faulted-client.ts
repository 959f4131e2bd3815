/**
 * A client that is killed or suspended.
 *
 * Arguments: the server's address, options of the client as JSON, and how many calls of `wait` it makes. Sends "calling", and, once all
 * of these have failed and it is connected again, what has become of it. Asked, it says how many of its timers have fired.
 */
import { Client } from "@sluice/client";
import { SluiceError } from "@sluice/protocol";
import { type Clock, silentLogger, systemClock } from "@sluice/protocol/wire";
import { SocketTransport } from "@sluice/transport-socket";
import { faulted } from "./faulted-service.ts";

/** What a client says that has lost its session. */
export interface Recovered {
  /** `UNAVAILABLE maybe SESSION_LOST`: code, `processed` and cause of each call. */
  readonly outcomes: readonly string[];
  readonly statuses: readonly string[];
  /** Timers of the client that have fired since it began. */
  readonly timers: number;
}

let timers = 0;
const clock: Clock = {
  now: systemClock.now,
  wallNow: () => Date.now(),
  setTimer(delayMs, callback, options) {
    const counted = (): void => {
      timers++;
      callback();
    };
    return systemClock.setTimer(delayMs, counted, options);
  },
};

const [, , socket = "", options = "{}", waits = "1"] = process.argv;
const client = new Client({
  protocol: faulted,
  transport: new SocketTransport({ socket }),
  reconnect: { initial: 10, max: 100 },
  logger: silentLogger,
  clock,
  ...JSON.parse(options),
});
const statuses: string[] = [];
client.on("status", (status) => void statuses.push(status));
process.on("message", () => process.send?.(timers));
// Whoever started it is gone.
process.once("disconnect", () => process.exit(2));

await client.ready;
const calls = Array.from({ length: Number(waits) }, (_, param) => client.request("wait", { param }));
const outcomes = Promise.all(
  calls.map((call) =>
    call.then(String, (error: unknown) => {
      if (!SluiceError.is(error)) return String(error);
      const { code, processed, cause } = error;
      return `${code} ${processed} ${SluiceError.is(cause) ? cause.code : cause}`;
    }),
  ),
);
process.send?.("calling");

const ended = await outcomes;
await client.ready;
await client.ping();
const recovered: Recovered = { outcomes: ended, statuses, timers };
process.send?.(recovered);
