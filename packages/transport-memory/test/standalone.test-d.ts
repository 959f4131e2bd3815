/** Types of `standalone` and `messagePortTransport`: the protocol's, exactly; ports of every platform. */
import type { MessagePort as NodePort, Worker as NodeWorker } from "node:worker_threads";
import { parentPort } from "node:worker_threads";
import type { Client } from "@sluice/client";
import type { AnyClientMessageOf, AnyServerMessageOf, ProtocolDefinition } from "@sluice/protocol";
import type { Transport } from "@sluice/protocol/wire";
import { messagePortTransport, standalone } from "@sluice/transport-memory";
import { expectTypeOf, test } from "vitest";

const protocol = {
  add: { type: "request", param: { type: "array", items: { type: "number" } }, result: { type: "number" } },
} as const satisfies ProtocolDefinition;
const handlers = { add: () => 1 };

test("standalone gives a client of the protocol", () => {
  expectTypeOf(standalone({ protocol, handlers })).toEqualTypeOf<Promise<Client<typeof protocol>>>();
});

test("handlers see the context, and must fit the protocol", () => {
  standalone({
    protocol,
    context: { name: "ada" },
    handlers: {
      add({ param, context }) {
        expectTypeOf(context).toEqualTypeOf<{ name: string }>();
        expectTypeOf(param).toEqualTypeOf<number[]>();
        return 1;
      },
    },
  });
  // @ts-expect-error a handler is missing
  standalone({ protocol, handlers: {} });
  // @ts-expect-error a result of another type
  standalone({ protocol, handlers: { add: () => "1" } });
});

test("ports of every platform are ports", () => {
  const ports = {} as {
    nodePort: NodePort;
    nodeWorker: NodeWorker;
    port: MessagePort;
    worker: Worker;
    shared: SharedWorker;
  };
  messagePortTransport(ports.nodePort);
  messagePortTransport(ports.nodeWorker);
  messagePortTransport(ports.port);
  messagePortTransport(ports.worker);
  messagePortTransport(ports.shared.port);
  messagePortTransport(() => ports.nodeWorker);
  messagePortTransport(async () => ports.worker);
  if (parentPort !== null) messagePortTransport(parentPort);
  // @ts-expect-error a number is no port
  messagePortTransport(5);
  // @ts-expect-error a shared worker has one
  messagePortTransport(ports.shared);
});

test("a transport carries the protocol for clients without one", () => {
  type P = typeof protocol;
  const port = {} as MessagePort;
  expectTypeOf(messagePortTransport<AnyServerMessageOf<P>, AnyClientMessageOf<P>>(port)).toEqualTypeOf<
    Transport<AnyServerMessageOf<P>, AnyClientMessageOf<P>>
  >();
});
