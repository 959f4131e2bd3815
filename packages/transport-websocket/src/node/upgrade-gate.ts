/**
 * Decides on each request for an upgrade before anything is upgraded, and makes byte streams of those that may come.
 *
 * Origin and Host are judged here: see web-origin.ts of the protocol, and docs/security.md.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import {
  type Clock,
  formatAddress,
  isLoopbackHost,
  type LinkInfo,
  RemotePlaces,
  systemClock,
  type WebOriginRules,
  webOriginRules,
  webRefusal,
} from "@sluice/protocol/wire";
import { type WebSocket, WebSocketServer } from "ws";
import type { ListenWebSocketOptions } from "../listen-options.ts";
import { WebSocketDuplex, type WebSocketDuplexOptions } from "../websocket-duplex.ts";
import { answerPings } from "./answer-pings.ts";
import { refuseUpgrade } from "./refuse-upgrade.ts";
import { wsDuplexParts, wsOptions } from "./ws-options.ts";

const defaultMaxPending = 1_024;

export class UpgradeGate {
  readonly #sockets: WebSocketServer;
  readonly #clock: Clock;
  /** Of sockets that have not said a word. */
  readonly #pending: RemotePlaces;
  /** Rules for connections that this machine has made to itself, and for others. */
  readonly #near: WebOriginRules;
  readonly #far: WebOriginRules;
  readonly #pack: WebSocketDuplexOptions["pack"];
  /** Takes what is made; absent: nobody listens. */
  onDuplex: ((duplex: WebSocketDuplex, socket: WebSocket) => void) | undefined;

  /**
   * `pack`: see {@link WebSocketDuplexOptions}.
   * @throws {TypeError} for origins or hosts that are none
   */
  constructor(options: ListenWebSocketOptions, pack?: WebSocketDuplexOptions["pack"]) {
    const { perMessageDeflate = false, maxPending = defaultMaxPending, clock = systemClock } = options;
    const { maxPendingPerRemote = Math.ceil(maxPending / 4) } = options;
    this.#sockets = new WebSocketServer({
      ...wsOptions,
      noServer: true,
      clientTracking: false,
      perMessageDeflate,
    });
    this.#clock = clock;
    this.#pending = new RemotePlaces({ max: maxPending, maxPerRemote: maxPendingPerRemote });
    this.#pack = pack;
    this.#near = webOriginRules(options, "127.0.0.1");
    this.#far = webOriginRules(options);
  }

  /** Takes a request whose path is the right one. */
  take(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refusal = this.#refusal(request);
    if (refusal !== undefined) {
      const { status, reason, headers } = refusal;
      refuseUpgrade(socket, status, reason, headers);
      return;
    }
    try {
      // It answers 400 to what is no proper request.
      this.#sockets.handleUpgrade(request, socket, head, (upgraded) => this.#handOver(upgraded, request));
    } catch {
      // A request that nobody has thought of must not end the process.
      socket.destroy();
    }
  }

  #refusal({ headers, socket }: IncomingMessage): Refusal | undefined {
    if (this.onDuplex === undefined) return { status: 503, reason: "Nobody listens" };
    const { origin, host, "sec-websocket-version": version } = headers;
    // An older draft, which no browser speaks any more, has its Origin elsewhere.
    if (version !== "13") {
      return {
        status: 426,
        reason: "WebSocket version 13 is needed",
        headers: { "Sec-WebSocket-Version": "13" },
      };
    }
    const rules = isLoopbackHost(socket.localAddress ?? "") ? this.#near : this.#far;
    const reason = webRefusal({ origin, host, isEncrypted: isEncrypted(socket) }, rules);
    if (reason !== undefined) return { status: 403, reason };
    if (this.#pending.full(socket.remoteAddress) === undefined) return undefined;
    return { status: 503, reason: "Too many connections have just come", headers: { "Retry-After": "1" } };
  }

  #handOver(socket: WebSocket, request: IncomingMessage): void {
    const free = this.#pending.take(request.socket.remoteAddress);
    const settle = (): void => {
      // Both: an idle link keeps nothing of how it began.
      socket.off("message", settle).off("close", settle);
      free();
    };
    socket.on("message", settle).on("close", settle);
    const info = infoOf(request);
    const pack = this.#pack === undefined ? {} : { pack: this.#pack };
    const duplex = new WebSocketDuplex(socket, { ...wsDuplexParts, ...pack, info, clock: this.#clock });
    answerPings(socket, this.#clock, (error) => duplex.refuse(error));
    this.onDuplex?.(duplex, socket);
  }
}

interface Refusal {
  readonly status: number;
  readonly reason: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function isEncrypted(socket: object): boolean {
  return (socket as { readonly encrypted?: unknown }).encrypted === true;
}

function infoOf({ socket }: IncomingMessage): LinkInfo {
  const transport = isEncrypted(socket) ? "wss" : "ws";
  const { remoteAddress: host, remotePort: port } = socket;
  if (host === undefined || port === undefined) return { transport };
  return { transport, remote: formatAddress({ scheme: isEncrypted(socket) ? "tls" : "tcp", host, port }) };
}
