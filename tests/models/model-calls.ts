/**
 * Calls of a model, as both of their users see them: what was written, what was read, how each end ended.
 *
 * Every item says where it stands. What does not fit is collected in `faults`, since nobody would hear of it from a promise.
 */
import type { Client } from "@sluice/client";
import type { ProtocolDefinition } from "@sluice/protocol";
import { SluiceError } from "@sluice/protocol";

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

/** `head` and a colon, filled up to `length` characters. */
export function filled(head: string | number, length: number): string {
  return `${head}:`.padEnd(length, "x");
}

/** One direction of a call: a writer that waits when it is told to, and a reader that takes items when it is let. */
export class ModelFlow {
  /** Lengths of the items that were written, in order. */
  readonly written: number[] = [];
  read = 0;
  isWriting = false;
  /** Its writer writes no more: it has said so, or was told. */
  isClosed = false;
  /** Its writer has said that nothing follows. */
  hasEnd = false;
  /** How the reader ended: `end`, or the code of an error. */
  readerEnd: string | undefined;
  readonly faults: string[] = [];
  #accepted = 0;
  #wanted = 0;
  /** Its reader waits for an item. */
  isReading = false;
  #next: (() => Promise<IteratorResult<string, unknown>>) | undefined;

  /** Writes one more item of `length` characters by `send`, unless the one before still waits. */
  write(length: number, send: (item: string) => Promise<void>): void {
    if (this.isWriting || this.isClosed) return;
    this.isWriting = true;
    const item = filled(this.written.length, length);
    this.written.push(item.length);
    const goOn = (): void => {
      this.isWriting = false;
    };
    const accepted = (): void => {
      goOn();
      this.#accepted++;
    };
    send(item).then(accepted, () => {
      goOn();
      this.isClosed = true;
    });
  }

  /** Sets where items come from; until then nobody reads. */
  from(iterate: () => AsyncIterator<string, unknown>): void {
    let iterator: AsyncIterator<string, unknown> | undefined;
    this.#next = () => {
      iterator ??= iterate();
      return iterator.next();
    };
  }

  /** What was accepted and not read, as offsets count it, without what JSON adds. */
  get unreadBytes(): number {
    const unread = this.written.slice(this.read, this.#accepted);
    return unread.reduce((sum, length) => sum + length + 64, 0);
  }

  /** Lets the reader take `count` items more; `Infinity`: all that come. */
  take(count: number): void {
    this.#wanted += count;
    this.#read();
  }

  /** The reader takes no more than the one that it waits for. */
  pause(): void {
    this.#wanted = 0;
  }

  #read(): void {
    if (this.isReading || this.#wanted <= 0 || this.readerEnd !== undefined || this.#next === undefined)
      return;
    this.isReading = true;
    this.#next().then(
      ({ done, value }) => {
        this.isReading = false;
        if (done === true) this.readerEnd = "end";
        else this.#compare(value as string);
        this.#read();
      },
      (error: SluiceError) => {
        this.isReading = false;
        this.readerEnd = error.code;
      },
    );
  }

  #compare(item: string): void {
    this.#wanted = Math.max(0, this.#wanted - 1);
    const length = this.written[this.read];
    if (length === undefined || item !== filled(this.read, length)) {
      this.faults.push(`read ${item.split(":")[0]} of ${item.length}, ${this.read} of ${length} is next`);
    }
    this.read++;
  }
}

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
  readonly result: Promise<string>;
  hasSettled = false;
  /** It has seen the end of what it was sent, before it settled. */
  hasReadAll = false;
  readonly #call: ModelCall;
  readonly #writer: WritableStreamDefaultWriter<string> | undefined;
  #settle!: { resolve(result: string): void; reject(error: SluiceError): void };

  constructor(call: ModelCall, server: number, signal: AbortSignal, writable?: WritableStream<string>) {
    this.#call = call;
    this.number = call.number;
    this.server = server;
    this.signal = signal;
    this.#writer = writable?.getWriter();
    this.result = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  }

  write(item: string): Promise<void> {
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
  /** Its user has said: finish, or give up. */
  isStopped = false;
  isCancelled = false;
  /** Its handler was told to fail. */
  hasThrown = false;
  readonly faults: string[] = [];
  readonly #cancel = new AbortController();
  #handle:
    | {
        close(): Promise<void>;
        abort(): void;
        send?(item: string): Promise<void>;
        writable?: WritableStream<string>;
      }
    | undefined;

  constructor(number: number, kind: ModelKind, length: number, timeout: number | undefined) {
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
      (error: SluiceError) => {
        const { code, processed, message } = error;
        this.#ended({ code, processed, result: undefined, message });
      },
    );
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

  /** The run that a test may direct. */
  get run(): HandlerRun | undefined {
    return this.runs.at(-1);
  }

  #ended(end: ModelEnd): void {
    if (this.end !== undefined) this.faults.push(`a second end: ${end.code} after ${this.end.code}`);
    this.end = end;
    this.up.isClosed = true;
  }
}
