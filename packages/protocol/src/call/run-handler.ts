/**
 * Runs a handler in any of its forms: a function that writes and returns, an async generator that yields, or one that returns items
 * which come by themselves.
 *
 * Spec: docs/wire.md §4.4.
 */
import { type HandedItems, isHanded } from "../definition/handed-items.ts";
import { SluiceError } from "../errors/sluice-error.ts";
import type { IncomingCall } from "../session/incoming-call.ts";
import type { HandlerScope } from "./handler-scope.ts";

/** A handler, its types forgotten. */
export type AnyHandler = (context: unknown) => unknown;

/** After `stop` a generator may see its signal and return; the value after the next one it yields is one too many. */
const yieldsAfterStop = 1;

/** Calls `handler`. Returns its result, or a promise of it; throws or rejects with what it throws. */
export function runHandler(
  handler: AnyHandler,
  scope: HandlerScope,
  call: IncomingCall,
  hasResult: boolean,
): unknown {
  const outcome = handler(scope);
  if (isHanded(outcome)) return takeItems(outcome, scope, hasResult);
  if (!isGenerator(outcome)) return outcome;
  return pumpGenerator(outcome, scope, call, hasResult);
}

/** Sends what the generator yields, as fast as it is taken; gives what it returns. */
async function pumpGenerator(
  generator: AsyncGenerator<unknown, unknown, void>,
  scope: HandlerScope,
  call: IncomingCall,
  hasResult: boolean,
): Promise<unknown> {
  const { sink } = scope;
  let yieldsLeft = yieldsAfterStop;
  for (;;) {
    const { done, value } = await generator.next();
    if (done === true) return value;
    try {
      if (call.isWanted) {
        const waiting = sink.write(value);
        if (waiting !== undefined) await waiting;
        continue;
      }
    } catch (reason) {
      await generator.return(undefined);
      throw reason;
    }
    if (call.abortReason === "stop" && yieldsLeft-- > 0) continue;
    const end = await generator.return(undefined);
    if (end.value !== undefined || !hasResult) return end.value;
    throw stoppedEarly();
  }
}

/** Sends the items that come, until they end or nobody wants them; a result they do not have. */
function takeItems(
  items: HandedItems<unknown>,
  { sink, signal }: HandlerScope,
  hasResult: boolean,
): Promise<undefined> {
  return new Promise((resolve, reject) => {
    const leave = (): void => void items.return();
    if (signal.aborted) leave();
    else signal.addEventListener("abort", leave, { once: true });
    items.handTo({
      take: (item, once) => sink.write(item, once),
      end(error) {
        if (error !== undefined) reject(error);
        else if (signal.aborted && hasResult) reject(stoppedEarly());
        else resolve(undefined);
      },
    });
  });
}

function stoppedEarly(): SluiceError {
  return new SluiceError("CANCELLED", `The call was stopped before its handler had a result`);
}

function isGenerator(value: unknown): value is AsyncGenerator<unknown, unknown, void> {
  return (
    typeof value === "object" &&
    value !== null &&
    Symbol.asyncIterator in value &&
    typeof (value as { next?: unknown }).next === "function"
  );
}
