/**
 * A message port of which the messages that are posted on it suffer faults; what it receives arrives as it comes.
 */
import type { MessageFaults } from "./message-faults.ts";

/** A `MessagePort`, a `Worker`, or whatever else posts structured clones. */
export interface PostingPort {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
}

/** `port`, with faults. Wrap both ends of a channel to have them both ways. */
export function faultyPort<Port extends PostingPort>(port: Port, faults: MessageFaults): Port {
  const postMessage = (message: unknown, transfer: ArrayBuffer[] = []): void => {
    // Cloned when it is posted, as by any port: its owner may change it before it is passed on.
    for (const passed of faults.pass(structuredClone(message, { transfer }))) port.postMessage(passed, []);
  };
  return new Proxy(port, {
    get(target, name) {
      if (name === "postMessage") return postMessage;
      const value: unknown = Reflect.get(target, name, target);
      // A port's own methods work on itself only.
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
