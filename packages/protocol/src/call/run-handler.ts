/**
 * Runs a handler in any of its forms: a function that writes and returns, an async generator that yields, or one that returns items
 * which come by themselves.
 *
 * Spec: docs/wire.md §4.4.
 */
import { type HandedItems, isHanded } from "../definition/handed-items.ts";
import type { IncomingCall } from "../session/incoming-call.ts";
import { GeneratorPump, type HandlerEnd, stoppedEarly } from "./generator-pump.ts";
import type { HandlerScope } from "./handler-scope.ts";

/** A handler, its types forgotten. */
export type AnyHandler = (context: unknown) => unknown;

/** Calls `handler`, and tells `end` of its end, which may be now. */
export function runHandler(
  handler: AnyHandler,
  scope: HandlerScope,
  call: IncomingCall,
  hasResult: boolean,
  end: HandlerEnd,
): void {
  let outcome: unknown;
  try {
    outcome = handler(scope);
    if (isHanded(outcome)) {
      takeItems(outcome, scope, hasResult, end);
      return;
    }
  } catch (reason) {
    end.fail(reason);
    return;
  }
  if (isGenerator(outcome)) new GeneratorPump(outcome, scope, call, hasResult, end).next();
  else endWith(outcome, end);
}

/** Tells `end` of `outcome`, or of what that is a promise of. */
export function endWith(outcome: unknown, end: HandlerEnd): void {
  if (!isPromise(outcome)) {
    end.finish(outcome);
    return;
  }
  Promise.resolve(outcome).then(
    (result) => end.finish(result),
    (reason) => end.fail(reason),
  );
}

/** Sends the items that come, until they end or nobody wants them; a result they do not have. */
function takeItems(
  items: HandedItems<unknown>,
  { sink, signal }: HandlerScope,
  hasResult: boolean,
  end: HandlerEnd,
): void {
  items.handTo({
    take: (item, once) => sink.write(item, once),
    end(error) {
      if (error !== undefined) end.fail(error);
      else if (signal.aborted && hasResult) end.fail(stoppedEarly());
      else end.finish(undefined);
    },
  });
  // Not before: what another call reads is left to that.
  const leave = (): void => void items.return();
  if (signal.aborted) leave();
  else signal.addEventListener("abort", leave, { once: true });
}

function isGenerator(value: unknown): value is AsyncGenerator<unknown, unknown, void> {
  return (
    typeof value === "object" &&
    value !== null &&
    Symbol.asyncIterator in value &&
    typeof (value as { next?: unknown }).next === "function"
  );
}

function isPromise(value: unknown): boolean {
  return (
    typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function"
  );
}
