/** The transport suite over each way in which values cross memory. */
import { type TransportSetup, transportSuite } from "@sluice/protocol/testing";
import type { Codec } from "@sluice/protocol/wire";
import { type MemoryTransportOptions, memoryTransport } from "@sluice/transport-memory";
import { describe, it } from "vitest";
import { collectGarbage } from "./collect-garbage.ts";

/** Registers the suite; `codec` is for values that cross as bytes. */
export function memorySuite(values: NonNullable<MemoryTransportOptions["values"]>, codec?: Codec): void {
  transportSuite(codec === undefined ? `memory, ${values}` : `memory, ${values}, ${codec.name}`, {
    test: { describe, it },
    kind: values === "bytes" ? "binary" : "structured",
    ...(codec === undefined ? {} : { codec }),
    collectGarbage,
    setup(): TransportSetup {
      const { client, server } = memoryTransport({ values });
      return {
        accept: (onLink) => server.accept?.(onLink),
        connect: () => client.connect(),
        cleanup: () => server.dispose(),
      };
    },
  });
}
