/** What a page runs whose tab is hidden: streams over WebSocket and HTTP, and a chain of timers that shows how much its browser slows it. */
import { Client } from "@sluice/client";
import { ClientTransport } from "@sluice/transport-http";
import { WebSocketTransport } from "@sluice/transport-websocket";
import { throttledProtocol } from "../throttled-protocol.ts";

declare const addresses: { readonly ws: string; readonly http: string };

/** What the page tells who asks it. */
interface PageReport {
  /** When the chained timers of 500 ms came, ms since the page began. */
  readonly ticks: number[];
  readonly links: Record<string, LinkReport>;
}

interface LinkReport {
  items: number;
  readonly statuses: string[];
  error?: string;
}

const report: PageReport = { ticks: [], links: {} };
Object.assign(globalThis, { report });

const tick = (): void => {
  report.ticks.push(Math.round(performance.now()));
  setTimeout(tick, 500);
};
tick();

for (const [name, transport] of [
  ["ws", new WebSocketTransport({ url: addresses.ws })],
  ["http", new ClientTransport({ url: addresses.http })],
] as const) {
  const link: LinkReport = { items: 0, statuses: [] };
  report.links[name] = link;
  const client = new Client({ protocol: throttledProtocol, transport, reconnect: false });
  client.on("status", (status) => void link.statuses.push(status));
  void (async () => {
    try {
      for await (const item of client.stream("beats")) link.items = item;
    } catch (error) {
      link.error = String(error);
    }
  })();
}
