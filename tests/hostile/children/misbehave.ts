/** What user code does that fails: throws, rejects, or never comes back. */

export type Fault = "throw" | "reject" | "hang" | "throw undefined";

/** The text of every error here: it must never reach a peer. */
export const canary = "canary-/srv/secret.sql-5f3a";

/** Does it. Without `fault`: gives `value`. */
export function misbehave<Value>(fault: unknown, value: Value): Value | Promise<Value> {
  switch (fault) {
    case "throw":
      throw new Error(canary);
    case "throw undefined":
      throw undefined;
    case "reject":
      return Promise.reject(new Error(canary));
    case "hang":
      return new Promise(() => {});
    default:
      return value;
  }
}
