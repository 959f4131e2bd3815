/** The page: a client over HTTP, a stream that becomes a chart, and twenty more beside it. */
import { Client, type ClientStatus } from "@sluice/client";
import { SluiceError } from "@sluice/protocol";
import { ClientTransport } from "@sluice/transport-http";
import { protocol } from "../protocol.ts";
import { CpuChart } from "./cpu-chart.ts";
import { element } from "./element.ts";
import { ManyStreams } from "./many-streams.ts";

/** Where the API is: another origin than the page's. The build puts it in. */
declare const apiUrl: string;

const statusTexts: Record<ClientStatus, string> = {
  idle: "Idle",
  connecting: "Connecting",
  connected: "Connected",
  reconnecting: "Reconnecting",
  draining: "Server is closing",
  closed: "Closed: reload the page",
};

const client = new Client({
  protocol,
  transport: new ClientTransport<typeof protocol>({ url: apiUrl }),
  name: "page",
});

const status = element("status", HTMLParagraphElement);
function showStatus(to: ClientStatus): void {
  status.dataset.status = to;
  status.textContent = statusTexts[to];
}
client.on("status", showStatus);
showStatus(client.status);

new ManyStreams((index) => client.stream("count", { param: { everyMs: 200 + 40 * index } }));

const chart = new CpuChart(element("cpu-chart", HTMLDivElement));
const now = element("cpu-now", HTMLOutputElement);
for (;;) {
  try {
    for await (const { percent, timestamp } of client.stream("cpu/watch", { param: { everyMs: 500 } })) {
      chart.add(timestamp, percent);
      now.textContent = `${percent.toFixed(1)} %`;
    }
  } catch (error) {
    // A server that was started again knows nothing of this stream: open it anew. Anything else would fail again.
    if (!SluiceError.is(error) || !error.retryable) throw error;
  }
}
