/** The conformance suite over a WebSocket that has the standard's interface and nothing more, as in a browser, a Worker or React Native. */
import { msgpackCodec } from "@sluice/protocol/msgpack";
import { transportSuite } from "@sluice/protocol/testing";
import { jsonCodec, type Link } from "@sluice/protocol/wire";
import { describe, it } from "vitest";
import { acceptWebSocket, WebSocketTransport } from "../src/index.ts";
import { collectGarbage } from "./collect-garbage.ts";
import { FakeWebSocket } from "./fake-websocket.ts";

for (const codec of [jsonCodec, msgpackCodec]) {
  transportSuite(`a standard WebSocket, ${codec.name}`, {
    test: { describe, it },
    codec,
    collectGarbage,
    setup() {
      let serve: (link: Link) => void = () => {};
      class Dialled extends FakeWebSocket {
        constructor() {
          super();
          this.readyState = 0;
          const far = new FakeWebSocket();
          far.peer = this;
          this.peer = far;
          setImmediate(() => {
            this.readyState = 1;
            acceptWebSocket(far).accept?.(serve);
            this.dispatch("open");
          });
        }
      }
      const transport = new WebSocketTransport({ url: "ws://far.example/", WebSocket: Dialled });
      return {
        accept(onLink) {
          serve = onLink;
        },
        connect: () => transport.connect(),
        cleanup: () => transport.dispose(),
      };
    },
  });
}
