/** What the call suite expects with, in runtimes that have no test framework. */
import { SluiceError } from "@sluice/protocol";

/** @throws {Error} with `claim` if it does not hold */
export function check(holds: boolean, claim: string): asserts holds {
  if (!holds) throw new Error(claim);
}

/** @throws {Error} unless both have the same JSON */
export function same(actual: unknown, expected: unknown, what: string): void {
  const [seen, wanted] = [actual, expected].map((value) => JSON.stringify(value) ?? "undefined");
  if (seen !== wanted) throw new Error(`${what}: ${seen} instead of ${wanted}`);
}

/** The error that `call` fails with. @throws {Error} if it succeeds, or fails with another kind of error */
export async function failure(call: PromiseLike<unknown>): Promise<SluiceError> {
  let value: unknown;
  try {
    value = await call;
  } catch (reason) {
    if (SluiceError.is(reason)) return reason;
    throw reason;
  }
  throw new Error(`The call succeeded with ${JSON.stringify(value)}`);
}
