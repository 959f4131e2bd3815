/** The transport suite through a fault proxy in memory: it is a carrier like any other, also where it cuts everything anew. */
import { describe, it } from "vitest";
import { msgpackCodec } from "../../../src/codec/msgpack-codec.ts";
import {
  MemoryFaultProxy,
  type MemoryFaultProxyOptions,
} from "../../../src/testing/fault/memory-fault-proxy.ts";
import { type TransportSuiteOptions, transportSuite } from "../../../src/testing/transport-suite.ts";
import { collectGarbage } from "../../session/collect-garbage.ts";

function suite(
  name: string,
  options: MemoryFaultProxyOptions,
  more: Partial<TransportSuiteOptions> = {},
): void {
  transportSuite(name, {
    test: { describe, it },
    collectGarbage,
    ...more,
    setup() {
      const proxy = new MemoryFaultProxy({ defer: setImmediate, ...options });
      return {
        accept: (onLink) => proxy.server.accept?.(onLink),
        connect: () => proxy.client.connect(),
        count: () => ({ up: proxy.bytes.toServer, down: proxy.bytes.toClient }),
        cleanup: () => proxy.down(),
      };
    },
  });
}

suite("a fault proxy in memory", {});
suite("a fault proxy that slices", { faults: { both: { sliceBytes: 20_000 } } }, { codec: msgpackCodec });
