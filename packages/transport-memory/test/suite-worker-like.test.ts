/**
 * The conformance suite over ports that are no MessagePorts: those that flow without being started and cannot be closed.
 */
import type { MessagePort } from "node:worker_threads";
import type { EventPort } from "@sluice/transport-memory";
import { portSuite } from "./port-suite.ts";

/** As a `Worker` of `node:worker_threads` looks from outside, but for its end. */
portSuite("emitter without start or close", (port) => ({
  postMessage: (message, transfer) => port.postMessage(message, transfer),
  on(name, listener) {
    if (name !== "close") port.on(name, listener);
  },
  off: (name, listener) => port.off(name, listener),
}));

/** As a standard `Worker` looks from outside: nobody says that it is over. */
portSuite("events without start or close", (port) => withoutClose(port));

function withoutClose(port: MessagePort): EventPort {
  // Node's ports are event targets too, which their types do not say.
  const target = port as unknown as EventPort;
  return {
    postMessage: (message, transfer) => port.postMessage(message, transfer),
    addEventListener(type, listener) {
      if (type === "close") return;
      target.addEventListener(type, listener);
      port.start();
    },
    removeEventListener: (type, listener) => target.removeEventListener(type, listener),
  };
}
