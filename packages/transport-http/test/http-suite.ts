/** The transport suite over HTTP, straight or through a proxy. */
import { transportSuite } from "@sluice/protocol/testing";
import type { Codec, Link } from "@sluice/protocol/wire";
import { describe, it } from "vitest";
import { ClientTransport } from "../src/client-transport.ts";
import { collectGarbage } from "./collect-garbage.ts";
import { type HttpWorld, serveHttp } from "./http-world.ts";

/** Registers the suite. */
export function httpSuite(codec: Codec): void {
  transportSuite(`http, ${codec.name}`, {
    test: { describe, it },
    codec,
    collectGarbage,
    setup: () => {
      let world: HttpWorld;
      let client: ClientTransport;
      return {
        async accept(onLink: (link: Link) => void) {
          world = await serveHttp();
          world.transport.accept(onLink);
          client = new ClientTransport({ url: world.url });
        },
        connect: () => client.connect(),
        async cleanup() {
          await client.dispose();
          await world.close();
        },
      };
    },
  });
}
