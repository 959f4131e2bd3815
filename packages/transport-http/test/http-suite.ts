/** The transport suite over HTTP, by the means of Node or of the standard. */
import { transportSuite } from "@sluice/protocol/testing";
import type { Codec, Link } from "@sluice/protocol/wire";
import { describe, it } from "vitest";
import { ClientTransport } from "../src/client-transport.ts";
import { NodeClientTransport } from "../src/node-client-transport.ts";
import { collectGarbage } from "./collect-garbage.ts";
import { type HttpMeans, type HttpWorld, serveHttp } from "./http-world.ts";

/** Registers the suite. */
export function httpSuite(codec: Codec, means: HttpMeans): void {
  transportSuite(`http by means of ${means}, ${codec.name}`, {
    test: { describe, it },
    codec,
    collectGarbage,
    setup: () => {
      let world: HttpWorld;
      let client: ClientTransport;
      return {
        async accept(onLink: (link: Link) => void) {
          world = await serveHttp({}, means);
          world.transport.accept(onLink);
          const Transport = means === "node" ? NodeClientTransport : ClientTransport;
          client = new Transport({ url: world.url });
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
