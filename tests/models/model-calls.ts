/**
 * Calls of a model, as both of their users see them: what they have done, how it ended.
 *
 * What does not fit is collected in `faults`, since nobody would hear of it from a promise.
 */
import type { Client } from "@sluice/client";
import type { ProtocolDefinition } from "@sluice/protocol";
import { SluiceError } from "@sluice/protocol";
import { filled, ModelFlow } from "./model-flow.ts";

const text = { type: "string" } as const;

/** A param is the number of its call, a colon, and what fills it up. */
export const modelProtocol = {
  ask: { type: "request", param: text, result: text },
  again: { type: "request", idempotent: true, param: text, result: text },
  count: { type: "stream", param: text, receive: text, result: text },
  talk: { type: "channel", param: text, send: text, receive: text, result: text },
  collect: { type: "channel", param: text, send: text, result: text },
} as const satisfies ProtocolDefinition;
export type ModelProtocol = typeof modelProtocol;
export type ModelKind = "ask" | "count" | "talk" | "collect";

/** How a call ended for its caller. */
export interface ModelEnd {
  /** `OK`, or the code of the error. */
  readonly code: string;
  readonly processed: "no" | "maybe" | undefined;
  readonly result: string | undefined;
  readonly message: string;
}

/** One run of a handler; it does what its test says. */
export class HandlerRun {
  readonly number: number;
  /** The server that runs it, from 1. */
  readonly server: number;
  readonly signal: AbortSignal;
  /** The id of the connection that it came over, if its test asks. */
  readonly connection: string | undefined;
  readonly result: Promise<string>;
  /** When it began, ms. */
  begunMs = 0;
  hasSettled = false;
  /** It has seen the end of what it was sent, before it settled. */
  hasReadAll = false;
  /** It was told that its caller has left, before it settled. */
  wasTold = false;
  readonly #call: ModelCall;
  readonly #writer: WritableStreamDefaultWriter<string> | undefined;
  #settle!: { resolve(result: string): void; reject(error: SluiceError): void };

  constructor(
    call: ModelCall,
    server: number,
    { signal, connection }: { readonly signal: AbortSignal; readonly connection?: { readonly id: string } },
    writable?: WritableStream<string>,
  ) {
    this.#call = call;
    this.number = call.number;
    this.server = server;
    this.signal = signal;
    this.connection = connection?.id;
    this.#writer = writable?.getWriter();
    this.result = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  }

  write(item: string): Promise<void> {
    if (this.signal.aborted) this.#call.down.goesNowhere();
    return (this.#writer as WritableStreamDefaultWriter<string>).write(item);
  }

  get canWrite(): boolean {
    return this.#writer !== undefined && !this.hasSettled;
  }

  close(): void {
    void this.#writer?.close();
  }

  returns(): void {
    this.#settles();
    this.#settle.resolve(filled(this.number, 8));
  }

  throws(): void {
    this.#settles();
    this.#settle.reject(new SluiceError("ABORTED", "the handler was told to fail"));
  }

  #settles(): void {
    this.hasSettled = true;
    this.hasReadAll = this.#call.up.readerEnd === "end";
    this.wasTold = this.signal.aborted;
  }
}

/** A call of the client. */
export class ModelCall {
  readonly number: number;
  readonly kind: ModelKind;
  readonly param: string;
  readonly timeout: number | undefined;
  readonly up = new ModelFlow();
  readonly down = new ModelFlow();
  readonly runs: HandlerRun[] = [];
  end: ModelEnd | undefined;
  /** Codes with which it may fail, for reasons that are not its own; its test adds them when they are due. */
  readonly mayFail = new Set<string>();
  /** If it is UNAVAILABLE, it has to say that it has not run. */
  mustSayNo = false;
  /** Where its items had come to when its handler was known to have heard of the stop: no more are sent. */
  stoppedUntil: number | undefined;
  /** Its server has drained while it lived. */
  metDrain = false;
  /** Called when it has ended. */
  onEnd: (() => void) | undefined;
  /** When it was opened, ms; and in which step. */
  openedMs = 0;
  openedAt = 0;
  /** Its user has said: finish, or give up. */
  isStopped = false;
  isCancelled = false;
  /** Its handler was told to fail. */
  hasThrown = false;
  readonly faults: string[] = [];
  readonly #clock: { now(): number };
  readonly #cancel = new AbortController();
  #handle:
    | {
        close(): Promise<void>;
        abort(): void;
        send?(item: string): Promise<void>;
        writable?: WritableStream<string>;
      }
    | undefined;

  constructor(
    number: number,
    kind: ModelKind,
    length: number,
    timeout: number | undefined,
    clock: { now(): number },
  ) {
    this.#clock = clock;
    this.number = number;
    this.kind = kind;
    this.param = filled(number, length);
    this.timeout = timeout;
  }

  get sends(): boolean {
    return this.kind === "talk" || this.kind === "collect";
  }

  get receives(): boolean {
    return this.kind === "talk" || this.kind === "count";
  }

  /** Makes the call. */
  open(client: Client<ModelProtocol>): void {
    const { param, timeout, kind } = this;
    this.openedMs = this.#clock.now();
    const options = { param, ...(timeout !== undefined && { timeout }), signal: this.#cancel.signal };
    let result: PromiseLike<string>;
    if (kind === "ask") result = client.request("ask", options);
    else {
      const call =
        kind === "count"
          ? client.stream("count", options)
          : kind === "talk"
            ? client.channel("talk", options)
            : client.channel("collect", options);
      this.#handle = call as never;
      if (kind !== "collect")
        this.down.from(() => call[Symbol.asyncIterator]() as AsyncIterator<string, unknown>);
      result = call.result;
    }
    result.then(
      (value) => this.#ended({ code: "OK", processed: undefined, result: value, message: "" }),
      (reason: unknown) => {
        if (!SluiceError.is(reason)) this.faults.push(`its end is no SluiceError: ${String(reason)}`);
        const { code, processed, message } = SluiceError.from(reason);
        this.#ended({ code, processed, result: undefined, message });
      },
    );
  }

  /** Whether its user may write now. */
  get canWrite(): boolean {
    return this.sends && !this.up.isWriting && !this.up.isClosed;
  }

  /** Whether its user has something to end. */
  get isOpen(): boolean {
    return this.end === undefined && this.#handle !== undefined;
  }

  write(length: number): void {
    const { send } = this.#handle ?? {};
    if (this.sends && send !== undefined) this.up.write(length, (item) => send.call(this.#handle, item));
  }

  /** Ends its direction. */
  close(): void {
    if (!this.sends || this.up.hasEnd) return;
    this.up.hasEnd = this.up.isClosed = true;
    void this.#handle?.writable?.close().catch(() => {});
  }

  /** "No more items; finish." */
  stop(): void {
    if (this.#handle === undefined) return;
    this.isStopped = this.up.isClosed = true;
    void this.#handle.close();
  }

  cancel(): void {
    this.isCancelled = this.up.isClosed = true;
    this.#cancel.abort();
  }

  /** How long ago it was opened, ms. */
  get ageMs(): number {
    return this.#clock.now() - this.openedMs;
  }

  /** Its caller wants no more of it: it has said so, or its time was up. */
  get isLeft(): boolean {
    return this.isStopped || this.isCancelled || this.end?.code === "DEADLINE_EXCEEDED";
  }

  /** The run that a test may direct. */
  get run(): HandlerRun | undefined {
    return this.runs.at(-1);
  }

  #ended(end: ModelEnd): void {
    this.end = end;
    this.up.isClosed = true;
    if (end.code === "DEADLINE_EXCEEDED" && this.ageMs < (this.timeout ?? 0)) {
      this.faults.push(`its ${this.timeout} ms were over after ${this.ageMs}`);
    }
    this.onEnd?.();
  }
}
