/**
 * What this package needs of a port, and how it listens to one: the standard's events or Node's emitters behind one interface.
 *
 * A `MessagePort` and a `Worker` of any platform, Node's `parentPort`, and the global scope of a dedicated worker are such ports.
 */

interface CommonPort {
  /** Serializes `message` at once; `transfer` moves to the other side. */
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  /** MessagePorts begin to deliver with it. */
  start?(): void;
  close?(): void;
}

/** Tells by events, as the standard says. */
export interface EventPort extends CommonPort {
  addEventListener(type: string, listener: (event: object) => void): void;
  removeEventListener(type: string, listener: (event: object) => void): void;
}

/** Tells as Node's emitters do, such as a `Worker` of `node:worker_threads`. */
export interface EmitterPort extends CommonPort {
  on(name: string, listener: (value: unknown) => void): unknown;
  off(name: string, listener: (value: unknown) => void): unknown;
}

/** One end of a channel of structured clones. */
export type MessagePortLike = EventPort | EmitterPort;

/** What a port tells. */
export interface PortListener {
  message(data: unknown): void;
  /** Something came that this side cannot deserialize. */
  unreadable(): void;
  /** The port, or the thread behind it, is over. Platforms that cannot know do not say it. */
  closed(cause: unknown): void;
}

/** Listens to everything that `port` tells, until the function that it returns is called. */
export function listenToPort(port: MessagePortLike, listener: PortListener): () => void {
  return "addEventListener" in port ? listenToEvents(port, listener) : listenToEmitter(port, listener);
}

function listenToEvents(port: EventPort, listener: PortListener): () => void {
  return subscribe(
    {
      message: (event) => listener.message((event as { readonly data?: unknown }).data),
      messageerror: () => listener.unreadable(),
      close: () => listener.closed(undefined),
    },
    // An uncaught error in a standard Worker does not end it, and belongs to whoever made it.
    (type, heard) => port.addEventListener(type, heard as (event: object) => void),
    (type, heard) => port.removeEventListener(type, heard as (event: object) => void),
  );
}

function listenToEmitter(port: EmitterPort, listener: PortListener): () => void {
  let cause: unknown;
  return subscribe(
    {
      message: (data) => listener.message(data),
      messageerror: () => listener.unreadable(),
      close: () => listener.closed(cause),
      // Node's Worker ends by an uncaught error, and without a listener takes its parent along; 'exit' follows.
      error: (reason) => {
        cause = reason;
      },
      exit: (code) => listener.closed(cause ?? new Error(`The worker has exited with code ${String(code)}`)),
    },
    (name, heard) => void port.on(name, heard),
    (name, heard) => void port.off(name, heard),
  );
}

/** Ports that have refused to move buffers: those of workerd know no transfer lists. */
const copyingPorts = new WeakSet<MessagePortLike>();

/**
 * Posts `message`, and moves `buffers` of it to the other side where the port can; elsewhere they are copied.
 * @throws what the port throws for a message that cannot be cloned
 */
export function postTo(port: MessagePortLike, message: unknown, buffers: ArrayBuffer[]): void {
  if (buffers.length > 0 && !copyingPorts.has(port)) {
    try {
      port.postMessage(message, buffers);
      return;
    } catch {
      // Nothing was posted, so nothing was moved. If the buffers are not the reason, the port says so again.
    }
  }
  port.postMessage(message, []);
  if (buffers.length > 0) copyingPorts.add(port);
}

/** Adds every listener; returns what takes them off. */
function subscribe(
  heard: Readonly<Record<string, (value: unknown) => void>>,
  add: (name: string, listener: (value: unknown) => void) => void,
  remove: (name: string, listener: (value: unknown) => void) => void,
): () => void {
  for (const [name, listener] of Object.entries(heard)) add(name, listener);
  return () => {
    for (const [name, listener] of Object.entries(heard)) remove(name, listener);
  };
}
