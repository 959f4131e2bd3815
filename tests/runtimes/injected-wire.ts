/** WebSocketTransport with a WebSocket that it is given: the standard's interface and nothing beyond it, as in React Native. */
import { silentLogger } from "@sluice/protocol/wire";
import { Server } from "@sluice/server";
import {
  acceptWebSocket,
  type WebSocketEvent,
  type WebSocketEventType,
  type WebSocketLike,
  WebSocketTransport,
} from "@sluice/transport-websocket";
import { makeHandlers } from "./handlers.ts";
import { protocol } from "./protocol.ts";
import type { WireKind } from "./wires.ts";

/** One end of a pair in memory. It says neither what it has buffered nor when that has left. */
class InjectedSocket implements WebSocketLike {
  readyState = 0;
  binaryType = "blob";
  readonly #listeners: [type: WebSocketEventType, listener: (event: WebSocketEvent) => void][] = [];
  peer: InjectedSocket | undefined;

  send(data: Uint8Array<ArrayBuffer>): void {
    if (this.readyState === 0) throw new Error("INVALID_STATE_ERR");
    const bytes = data.slice().buffer;
    const { peer } = this;
    later(() => {
      if (peer?.readyState !== 1) return;
      peer.tell({ type: "message", data: peer.binaryType === "arraybuffer" ? bytes : new Blob([bytes]) });
    });
  }

  close(code = 1005, reason = ""): void {
    for (const end of [this, this.peer]) {
      if (end === undefined || end.readyState > 1) continue;
      end.readyState = 2;
      later(() => {
        end.readyState = 3;
        end.tell({ type: "close", code, reason });
      });
    }
  }

  open(): void {
    this.readyState = 1;
    this.tell({ type: "open" });
  }

  addEventListener(type: WebSocketEventType, listener: (event: WebSocketEvent) => void): void {
    this.#listeners.push([type, listener]);
  }

  removeEventListener(type: WebSocketEventType, listener: (event: WebSocketEvent) => void): void {
    const at = this.#listeners.findIndex(([one, heard]) => one === type && heard === listener);
    if (at !== -1) this.#listeners.splice(at, 1);
  }

  tell(event: WebSocketEvent): void {
    for (const [type, listener] of [...this.#listeners]) if (type === event.type) listener(event);
  }
}

/** In order, each in a turn of its own. */
function later(deliver: () => void): void {
  setTimeout(deliver, 0);
}

export const injectedWire: WireKind = {
  name: "WebSocket, injected",
  async open() {
    const server = new Server({ protocol, handlers: makeHandlers(), public: true, logger: silentLogger });
    class Injected extends InjectedSocket {
      constructor() {
        super();
        const far = new InjectedSocket();
        [this.peer, far.peer] = [far, this];
        later(() => {
          far.open();
          server.handle(acceptWebSocket(far));
          this.open();
        });
      }
    }
    return {
      transport: () => new WebSocketTransport({ url: "ws://injected.invalid/", WebSocket: Injected }),
      close: () => server.dispose(),
    };
  },
};
