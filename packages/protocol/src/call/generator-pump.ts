/**
 * Sends what a handler's generator yields, as fast as it is taken, and tells what it returns.
 *
 * By callbacks that are made once for each call: awaiting every item would make two for each of them. Spec: docs/wire.md §4.4.
 */
import { SluiceError } from "../errors/sluice-error.ts";
import type { IncomingCall } from "../session/incoming-call.ts";
import type { HandlerScope } from "./handler-scope.ts";
import type { IncomingSink } from "./incoming-sink.ts";

/** What is told of the end of a handler: one of both, once. */
export interface HandlerEnd {
  finish(result: unknown): void;
  fail(reason: unknown): void;
}

/** After `stop` a generator may see its signal and return; the value after the next one it yields is one too many. */
const yieldsAfterStop = 1;

export class GeneratorPump {
  readonly #generator: AsyncGenerator<unknown, unknown, void>;
  readonly #sink: IncomingSink;
  readonly #call: IncomingCall;
  readonly #hasResult: boolean;
  readonly #end: HandlerEnd;
  #yieldsLeft = yieldsAfterStop;

  constructor(
    generator: AsyncGenerator<unknown, unknown, void>,
    { sink }: HandlerScope,
    call: IncomingCall,
    hasResult: boolean,
    end: HandlerEnd,
  ) {
    this.#generator = generator;
    this.#sink = sink;
    this.#call = call;
    this.#hasResult = hasResult;
    this.#end = end;
  }

  /** Asks for the next item. */
  next(): void {
    try {
      // What is no generator of the language's may answer by anything.
      Promise.resolve(this.#generator.next()).then(this.#took, this.#failed);
    } catch (reason) {
      this.#end.fail(reason);
    }
  }

  readonly #took = (answer: IteratorResult<unknown, unknown>): void => {
    let done: boolean | undefined;
    let value: unknown;
    try {
      if (typeof answer !== "object") throw new TypeError("The handler's iterator answers by no object");
      ({ done, value } = answer);
    } catch (reason) {
      this.#end.fail(reason);
      return;
    }
    if (done === true) {
      this.#end.finish(value);
      return;
    }
    if (!this.#call.isWanted) {
      if (this.#call.abortReason === "stop" && this.#yieldsLeft-- > 0) this.next();
      else void this.#leave();
      return;
    }
    let waiting: Promise<void> | undefined;
    try {
      waiting = this.#sink.write(value);
    } catch (reason) {
      void this.#giveUp(reason);
      return;
    }
    if (waiting === undefined) this.next();
    else {
      waiting.then(
        () => this.next(),
        (reason) => this.#giveUp(reason),
      );
    }
  };

  readonly #failed = (reason: unknown): void => this.#end.fail(reason);

  /** An item was not taken. */
  async #giveUp(why: unknown): Promise<void> {
    let reason = why;
    try {
      await this.#generator.return(undefined);
    } catch (other) {
      reason = other;
    }
    this.#end.fail(reason);
  }

  /** Nobody wants more items. */
  async #leave(): Promise<void> {
    let result: unknown;
    try {
      result = (await this.#generator.return(undefined)).value;
      if (result === undefined && this.#hasResult) throw stoppedEarly();
    } catch (reason) {
      this.#end.fail(reason);
      return;
    }
    this.#end.finish(result);
  }
}

export function stoppedEarly(): SluiceError {
  return new SluiceError("CANCELLED", `The call was stopped before its handler had a result`);
}
