/** Raw pipes over WebSockets by address, on Node: what `openPipe(url)` and `servePipe(url)` use. */
import {
  type Address,
  formatAddress,
  type PipeCarrier,
  type PipeConnectOptions,
  type PipeListener,
  type PipeListenOptions,
  systemClock,
} from "@sluice/protocol/wire";
import { openWebSocket } from "../open-websocket.ts";
import { pipeMessages } from "../pipe-messages.ts";
import { readPlace, readUrl } from "../read-url.ts";
import { WebSocketDuplex } from "../websocket-duplex.ts";
import type { WebSocketLike } from "../websocket-like.ts";
import { formatPlace } from "./listen-websocket.ts";
import { OwnServer } from "./own-server.ts";
import { WebSocketPipeCarrier } from "./pipe-carrier.ts";
import { UpgradeGate } from "./upgrade-gate.ts";
import { wsPlatform } from "./ws-transport.ts";

/** Connects to `ws:` or `wss:`. Rejects as `WebSocketTransport.connect()`; with a {@link TypeError} for `tls` at `ws:`. */
export async function connectPipe(address: Address, options: PipeConnectOptions): Promise<PipeCarrier> {
  const { tls, signal, connectTimeout = 10_000, clock = systemClock } = options;
  const { scheme, href, where } = readUrl(formatAddress(address));
  if (scheme === "ws" && tls !== undefined) {
    throw new TypeError("tls options need a wss:// address: ws:// is not encrypted");
  }
  const made = { url: href, ...(tls === undefined ? {} : { tls }) };
  wsPlatform.check(made);
  // Async, so that what it throws is the answer; it runs in the moment in which the socket opens all the same.
  const opened = async (socket: WebSocketLike): Promise<PipeCarrier> => {
    const info = { transport: scheme, remote: where };
    const duplex = new WebSocketDuplex(socket, { ...wsPlatform.duplex, pack: pipeMessages, info, clock });
    wsPlatform.watch?.(socket, clock, (error) => duplex.refuse(error));
    return new WebSocketPipeCarrier(socket, duplex, clock);
  };
  return openWebSocket(() => wsPlatform.make(href, made), opened, { where, signal, connectTimeout, clock });
}

/**
 * Waits for pipes at `ws:`. Pages come by the rules of `listenWebSocket`.
 * @throws {SluiceError} `INVALID_ARGUMENT` for an address that is none; {@link TypeError} for origins or hosts that are none
 */
export function listenForPipes(address: Address, options: PipeListenOptions): PipeListener {
  const { clock = systemClock, ...origins } = options;
  const { path, ...place } = readPlace(address);
  const settings = { ...place, ...origins, clock };
  const gate = new UpgradeGate(settings, pipeMessages);
  const server = new OwnServer(settings, path, gate.take.bind(gate));
  return {
    async listen(onCarrier) {
      gate.onDuplex = (duplex, socket) => onCarrier(new WebSocketPipeCarrier(socket, duplex, clock));
      const { host, port } = await server.listen();
      return formatPlace(false, host, port, path);
    },
    close() {
      gate.onDuplex = undefined;
      server.close();
    },
  };
}
