/** A server and a client on a fake clock, with a slow line between them of which every frame and every write is noted. */
import { Client } from "@sluice/client";
import type { ProtocolDefinition } from "@sluice/protocol";
import { type FaultProxyOptions, MemoryFaultProxy, StillWorld } from "@sluice/protocol/testing";
import { type ByteDuplex, ByteLink, type Link, type Transport } from "@sluice/protocol/wire";
import { Server, type ServerOptions } from "@sluice/server";
import { expect } from "vitest";
import { WireTrace } from "./wire-trace.ts";

const item = { type: "string" } as const;
const protocol = {
  ask: { type: "request", param: item, result: item },
  count: { type: "stream", param: { type: "integer" }, receive: item, result: { type: "integer" } },
  collect: { type: "channel", send: item, result: { type: "integer" } },
  echo: { type: "channel", send: item, receive: item, result: { type: "integer" } },
} as const satisfies ProtocolDefinition;
export type DelayedProtocol = typeof protocol;

/** How long each byte is on its way. */
export const oneWayMs = 50;
const ignore = (): void => {};
const quiet = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

export interface DelayedWorldOptions {
  readonly proxy?: FaultProxyOptions;
  readonly limits?: ServerOptions<DelayedProtocol, undefined>["limits"];
  /** What `ask` waits for. */
  readonly going?: Promise<void>;
}

/** A server and a client with 50 ms of delay each way between them, and a trace of what passes. */
export class DelayedWorld extends StillWorld {
  readonly proxy: MemoryFaultProxy;
  readonly trace: WireTrace;
  readonly server: Server<DelayedProtocol, undefined>;
  readonly client: Client<DelayedProtocol>;
  /** The most bytes that a link has handed over at once: what had waited in it. */
  mostUnsent = 0;
  /** Handlers that run, the most that ever did, and how many were started. */
  readonly handlers = { running: 0, most: 0, started: 0 };
  #onLink: ((link: Link) => void) | undefined;

  constructor({ proxy, limits, going }: DelayedWorldOptions = {}) {
    super();
    const { clock } = this;
    this.proxy = new MemoryFaultProxy({ clock, faults: { both: { delayMs: oneWayMs } }, ...proxy });
    this.trace = new WireTrace(this.proxy, clock);
    const shared = { protocol, clock, logger: quiet, ...(limits && { limits }) };
    this.server = new Server<DelayedProtocol, undefined>({
      ...shared,
      public: true,
      transport: this.#transport(),
      handlers: {
        ask: async ({ param }) => {
          await going;
          return param;
        },
        count: async function* ({ param }) {
          for (let n = 0; n < param; n++) yield numbered(n);
          return param;
        },
        collect: async ({ readable }) => {
          let count = 0;
          for await (const text of readable) expectNumber(text, count++);
          return count;
        },
        echo: async function* ({ readable }) {
          let count = 0;
          for await (const text of readable) {
            count++;
            yield text;
          }
          return count;
        },
      },
    });
    this.server.use(async (_call, next) => {
      const { handlers } = this;
      handlers.started++;
      handlers.most = Math.max(handlers.most, ++handlers.running);
      try {
        return await next();
      } finally {
        handlers.running--;
      }
    });
    const reconnect = { initial: 10, jitter: "none" } as const;
    this.client = new Client({ ...shared, transport: this.#transport(), reconnect });
  }

  async run(): Promise<void> {
    for (let round = 0; round < 8; round++) await this.clock.advance(0);
  }

  /** Lets time pass until `promise` has settled, a minute at most. */
  async finish<Value>(promise: Promise<Value>): Promise<Value> {
    let isSettled = false;
    const settled = (): void => {
      isSettled = true;
    };
    promise.then(settled, settled);
    for (let ms = 0; !isSettled; ms += 10) {
      if (ms > 60_000) throw new Error(`Waited a minute; ${this.proxy}`);
      await this.advance(10);
    }
    return promise;
  }

  /** Disposes of both, and proves that no timer is left. */
  async end(): Promise<void> {
    await this.finish(this.client.dispose());
    await this.finish(this.server.dispose());
    await this.advance(10_000);
    expect([this.server.connections, this.clock.nextTimerMs]).toEqual([[], undefined]);
  }

  /** Either side's: links over the proxy, which are measured. */
  #transport(): Transport {
    return {
      name: "memory",
      connect: async () => {
        const { client, server } = this.proxy.connect();
        this.#onLink?.(new ByteLink(this.#measured(server)));
        return new ByteLink(this.#measured(client));
      },
      accept: (onLink) => {
        this.#onLink = onLink;
      },
      dispose: async () => {},
    };
  }

  #measured(duplex: ByteDuplex): ByteDuplex {
    return {
      info: duplex.info,
      utf8: duplex.utf8,
      defer: (flush) => duplex.defer(flush),
      start: (events) => duplex.start(events),
      write: (chunks) => {
        const bytes = chunks.reduce((sum, { length }) => sum + length, 0);
        this.mostUnsent = Math.max(this.mostUnsent, bytes);
        return duplex.write(chunks);
      },
      end: () => duplex.end(),
      destroy: () => duplex.destroy(),
    };
  }
}

/** An item that says which it is. */
function numbered(n: number): string {
  return `${n}:`.padEnd(200, "x");
}

function expectNumber(text: string, n: number): void {
  if (text !== numbered(n)) throw new Error(`${text.split(":")[0]} came where ${n} was due`);
}

/** Reads `call` to its end. Gives its result, if `count` items came, each in its place. */
export async function read<Result>(
  call: AsyncIterable<string> & PromiseLike<Result>,
  count: number,
): Promise<Result> {
  let next = 0;
  for await (const text of call) expectNumber(text, next++);
  expect(next).toBe(count);
  return call;
}

/** Writes `count` items, and the end. */
export async function write(writable: WritableStream<string>, count: number): Promise<void> {
  const writer = writable.getWriter();
  for (let n = 0; n < count; n++) await writer.write(numbered(n));
  await writer.close();
}
