/** A typed emitter of events: `new EventEmitter<{ connected: { clientId: string } }>()`. */

/** Takes an event; what it throws goes to whoever emitted. */
export type Listener<Data> = (data: Data) => void;

export class EventEmitter<Events extends object> {
  /** By name: the listeners, and whether each is there for one event only. */
  readonly #listeners = new Map<keyof Events, Map<Listener<never>, boolean>>();

  /** Calls `listener` for every event of that name, once per event however often it was added. Returns what takes it off. */
  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void {
    return this.#add(name, listener, false);
  }

  /** Calls `listener` for the next event of that name; one that is there already stays. Returns what takes it off. */
  once<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void {
    return this.#add(name, listener, true);
  }

  #add<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>, isOnce: boolean): () => void {
    let listeners = this.#listeners.get(name);
    if (listeners === undefined) {
      listeners = new Map();
      this.#listeners.set(name, listeners);
    }
    listeners.set(listener, isOnce && listeners.get(listener) !== false);
    return () => this.off(name, listener);
  }

  off<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): void {
    const listeners = this.#listeners.get(name);
    listeners?.delete(listener);
    if (listeners?.size === 0) this.#listeners.delete(name);
  }

  /** Tells every listener that is there now, in the order in which they were added, unless it is taken off before its turn. */
  emit<Name extends keyof Events>(name: Name, data: Events[Name]): void {
    const listeners = this.#listeners.get(name);
    if (listeners === undefined) return;
    for (const untyped of [...listeners.keys()]) {
      const isOnce = listeners.get(untyped);
      if (isOnce === undefined) continue;
      const listener = untyped as Listener<Events[Name]>;
      if (isOnce) this.off(name, listener);
      listener(data);
    }
  }

  /** How many listen to `name`. */
  listenerCount(name: keyof Events): number {
    return this.#listeners.get(name)?.size ?? 0;
  }
}
