/**
 * What a handler is given for one call. Streams, signal and the rest are made when the handler first asks for them.
 *
 * Its members are described in definition/handler-types.ts.
 */
import type { Clock } from "../clock.ts";
import type { Connection, Logger, PeerClient } from "../definition/handler-types.ts";
import { SluiceError } from "../errors/sluice-error.ts";
import type { IncomingCall } from "../session/incoming-call.ts";
import { CallReadable } from "./call-readable.ts";
import { CallWritable } from "./call-writable.ts";
import type { CompiledProcedure } from "./compiled-protocol.ts";
import { IncomingSink } from "./incoming-sink.ts";
import { emptySource } from "./item-source.ts";
import type { Metadata } from "./metadata.ts";

/** What all calls of a connection share. */
export interface ConnectionScope {
  readonly context: unknown;
  readonly identity: unknown;
  readonly connection: Connection;
  readonly log: Logger;
  readonly clock: Clock;
  /** Calls back the peer; `remainingMs` bounds them by the deadline of the call that is served. */
  clientFor(remainingMs: () => number | undefined): PeerClient;
}

/** What ends a call whose handler gives its items up. */
export interface GivesUp {
  giveUp(reason: unknown): void;
}

export class HandlerScope {
  /** Of an event: its data. */
  readonly param: unknown;
  readonly metadata: Metadata;
  readonly cursor: unknown;
  readonly #call: IncomingCall;
  readonly #procedure: CompiledProcedure;
  readonly #shared: ConnectionScope;
  readonly #run: GivesUp;
  #controller: AbortController | undefined;
  #sink: IncomingSink | undefined;
  #writable: CallWritable<unknown> | undefined;
  #readable: CallReadable<unknown> | undefined;
  #client: PeerClient | undefined;

  constructor(
    call: IncomingCall,
    procedure: CompiledProcedure,
    param: unknown,
    { metadata, cursor }: { readonly metadata: Metadata; readonly cursor?: unknown },
    shared: ConnectionScope,
    run: GivesUp,
  ) {
    this.#call = call;
    this.#procedure = procedure;
    this.param = param;
    this.metadata = metadata;
    this.cursor = cursor;
    this.#shared = shared;
    this.#run = run;
  }

  get data(): unknown {
    return this.param;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController();
      this.#controller = controller;
      this.#call.onAbort((reason) => controller.abort(reason));
    }
    return this.#controller.signal;
  }

  get context(): unknown {
    return this.#shared.context;
  }

  get identity(): unknown {
    return this.#shared.identity;
  }

  get connection(): Connection {
    return this.#shared.connection;
  }

  get log(): Logger {
    return this.#shared.log;
  }

  get deadline(): number | undefined {
    return this.#call.remainingMs;
  }

  get client(): PeerClient {
    this.#client ??= this.#shared.clientFor(() => this.#call.remainingMs);
    return this.#client;
  }

  get writable(): WritableStream<unknown> {
    if (this.#writable === undefined) {
      this.sink.onAbort = (reason) => this.#run.giveUp(reason);
      this.#writable = new CallWritable(this.sink);
    }
    return this.#writable;
  }

  get readable(): ReadableStream<unknown> & AsyncIterable<unknown> {
    this.#readable ??= new CallReadable(this.#call.inbox ?? emptySource);
    return this.#readable;
  }

  /** Where items go, for the generator form and `writable`. */
  get sink(): IncomingSink {
    this.#sink ??= new IncomingSink(this.#call, this.#procedure.receive, this.#shared.clock);
    return this.#sink;
  }

  get fail(): (code: string, data?: unknown, message?: string) => never {
    const { errors, name } = this.#procedure;
    return (code, data, message) => {
      if (!errors.has(code)) throw new TypeError(`Cannot fail with ${code}: ${name} does not declare it`);
      throw new SluiceError(code, message ?? code, { data, processed: "maybe" });
    };
  }

  /** The handler has settled. */
  finish(): void {
    this.#sink?.finish("the handler has ended");
  }
}
