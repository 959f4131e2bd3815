/** One listener on an AbortSignal for all who wait for its abort: platforms warn of more than a few on one signal. */

/** Told of the abort, with its reason. Each is a function of its own: the same one twice counts once. */
export type AbortListener = (reason: unknown) => void;

/** By signal, while somebody waits for its abort. */
const fanOuts = new WeakMap<AbortSignal, AbortFanOut>();

/** Calls `listener` when `signal` aborts. One that has aborted already calls nobody. */
export function addAbortListener(signal: AbortSignal, listener: AbortListener): void {
  if (signal.aborted) return;
  let fanOut = fanOuts.get(signal);
  if (fanOut === undefined) {
    fanOut = new AbortFanOut(signal);
    fanOuts.set(signal, fanOut);
  }
  fanOut.add(listener);
}

/** Calls `listener` no more. After the last one the signal holds nothing. */
export function removeAbortListener(signal: AbortSignal, listener: AbortListener): void {
  fanOuts.get(signal)?.remove(listener);
}

class AbortFanOut {
  readonly #signal: AbortSignal;
  readonly #listeners = new Set<AbortListener>();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener("abort", this.#tell);
  }

  add(listener: AbortListener): void {
    this.#listeners.add(listener);
  }

  remove(listener: AbortListener): void {
    if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#letGo();
  }

  /** In the order in which they came. What one of them throws keeps no other from being told; the platform reports the first. */
  readonly #tell = (): void => {
    const failures: unknown[] = [];
    for (const listener of this.#listeners) {
      this.#listeners.delete(listener);
      try {
        listener(this.#signal.reason);
      } catch (error) {
        failures.push(error);
      }
    }
    this.#letGo();
    if (failures.length > 0) throw failures[0];
  };

  #letGo(): void {
    fanOuts.delete(this.#signal);
    this.#signal.removeEventListener("abort", this.#tell);
  }
}
