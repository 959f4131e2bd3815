/** One server of a model, from its start until it is killed or has drained; its handlers are the model's. */
import { closures } from "@sluice/protocol";
import type { FakeClock } from "@sluice/protocol/testing";
import { type Session, silentLogger, type Transport } from "@sluice/protocol/wire";
import { Server } from "@sluice/server";
import { HandlerRun, type ModelCall, type ModelProtocol, modelProtocol } from "./model-calls.ts";
import { limits, times } from "./model-limits.ts";

interface Scope {
  readonly param: string;
  readonly signal: AbortSignal;
  readonly connection: { readonly id: string };
  readonly readable?: AsyncIterable<string>;
  readonly writable?: WritableStream<string>;
}

export class ModelSite {
  /** From 1. */
  readonly number: number;
  readonly server: Server<ModelProtocol, undefined>;
  /** Its process was killed: nothing that its handlers do has an effect. */
  isGone = false;
  /** In which step it was told to drain. */
  drainedAt: number = Number.POSITIVE_INFINITY;
  readonly #clock: FakeClock;
  readonly #calls: readonly ModelCall[];

  /** @param calls of its clients, by their numbers */
  constructor(number: number, clock: FakeClock, transport: Transport, calls: readonly ModelCall[]) {
    this.number = number;
    this.#clock = clock;
    this.#calls = calls;
    const run = (scope: Scope): Promise<string> => this.#handle(scope);
    this.server = new Server<ModelProtocol, undefined>({
      protocol: modelProtocol,
      public: true,
      validator: closures(),
      logger: silentLogger,
      clock,
      limits,
      ...times,
      handlers: {
        ask: run as never,
        again: run as never,
        count: run as never,
        talk: run as never,
        collect: run as never,
      },
      transport,
    });
  }

  /** Those that have a link. */
  get sessions(): Session[] {
    return this.server.connections.map((one) => (one as unknown as { readonly session: Session }).session);
  }

  /** What it has run. */
  get runs(): HandlerRun[] {
    return this.#calls.flatMap(({ runs }) => runs.filter(({ server }) => server === this.number));
  }

  #handle(scope: Scope): Promise<string> {
    const { param, readable, writable } = scope;
    const call = this.#calls[Number(param.split(":")[0])];
    if (call === undefined || param !== call.param) throw new Error(`a handler got ${param.slice(0, 20)}`);
    if (this.isGone) call.faults.push("a handler began at a server that is gone");
    if (this.drainedAt < call.openedAt) call.faults.push("a handler began at a server that drained before");
    const run = new HandlerRun(call, this.number, scope, call.receives ? writable : undefined);
    run.begunMs = this.#clock.now();
    call.runs.push(run);
    if (call.sends && readable !== undefined) {
      call.up.from(() => readable[Symbol.asyncIterator]() as AsyncIterator<string, unknown>);
    }
    return run.result;
  }
}
