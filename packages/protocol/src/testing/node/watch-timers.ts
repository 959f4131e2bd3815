/**
 * Counts the timers that are set, those too which do not keep the process alive: Node itself names only those that do.
 */

type Timers = Pick<typeof globalThis, "setTimeout" | "setInterval" | "clearTimeout" | "clearInterval">;
type Callback = (...args: unknown[]) => void;
/** Node's own mark of a timer that has fired or was ended by other means than the global functions. */
type Timer = NodeJS.Timeout & { readonly _destroyed?: boolean };

let set: Set<Timer> | undefined;

/**
 * Begins to count, when it is first called in a process; gives how many of the timers that were set since then are due yet. Those of the
 * global functions are counted, which stay replaced, and not those of Node's own modules.
 */
export function watchTimers(): () => number {
  set ??= replaceGlobals(globalThis);
  const timers = set;
  return () => {
    for (const timer of timers) if (timer._destroyed === true) timers.delete(timer);
    return timers.size;
  };
}

function replaceGlobals(globals: Timers): Set<Timer> {
  const { setTimeout, setInterval, clearTimeout } = globals;
  const timers = new Set<Timer>();
  const once = (callback: Callback, delayMs?: number, ...args: unknown[]): Timer => {
    const fire: Callback = (...given) => {
      timers.delete(timer);
      callback(...given);
    };
    const timer: Timer = setTimeout(fire, delayMs, ...args);
    timers.add(timer);
    return timer;
  };
  const often = (callback: Callback, delayMs?: number, ...args: unknown[]): Timer => {
    const timer: Timer = setInterval(callback, delayMs, ...args);
    timers.add(timer);
    return timer;
  };
  // It ends timers of both kinds.
  const clear = (timer: Timer): void => {
    timers.delete(timer);
    clearTimeout(timer);
  };
  // With what util.promisify() finds at them.
  Object.assign(globals, {
    setTimeout: Object.defineProperties(once, Object.getOwnPropertyDescriptors(setTimeout)),
    setInterval: Object.defineProperties(often, Object.getOwnPropertyDescriptors(setInterval)),
    clearTimeout: clear,
    clearInterval: clear,
  });
  return timers;
}
