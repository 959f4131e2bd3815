/**
 * Serves a page at one port, and at another what it watches: an API that only this page may call.
 *
 * `server.ts [<port of the page> [<port of the API>]]`; 0: any free one.
 */
import { Server, type StreamHandler } from "@sluice/server";
import { ServerTransport } from "@sluice/transport-http";
import type { Hono } from "hono";
import { protocol } from "./protocol.ts";
import { buildPage } from "./src/build-page.ts";
import { cpuMeter } from "./src/cpu-meter.ts";
import { host, listen } from "./src/listen.ts";
import { pageApp } from "./src/page-app.ts";
import { pause } from "./src/pause.ts";

const [pagePort = 30_016, apiPort = 30_017] = process.argv.slice(2).map(Number);

function tellEnd(signal: AbortSignal): void {
  signal.addEventListener("abort", () => console.log(`stream aborted: ${signal.reason}`));
}

const watchCpu: StreamHandler<typeof protocol, "cpu/watch"> = async function* ({ param, signal }) {
  tellEnd(signal);
  const percentSince = cpuMeter();
  for (;;) {
    await pause(param.everyMs, signal);
    if (signal.aborted) return;
    yield { percent: percentSince(), timestamp: Date.now() };
  }
};

const count: StreamHandler<typeof protocol, "count"> = async function* ({ param, signal }) {
  tellEnd(signal);
  for (let number = 1; !signal.aborted; number++) {
    yield number;
    await pause(param.everyMs, signal);
  }
};

// The page's policy names the API, and the API allows the page: each has to have its port before the other can be made.
let showPage!: (app: Hono) => void;
const pageIsMade = new Promise<Hono>((resolve) => {
  showPage = resolve;
});
const page = await listen(async (request) => (await pageIsMade).fetch(request), pagePort);

const transport = new ServerTransport<typeof protocol>({ allowedOrigin: [page.origin], boundTo: host });
const server = new Server({
  protocol,
  handlers: { "cpu/watch": watchCpu, count },
  public: true, // whoever runs programs on this machine; of pages only ours
  graceMs: 2_000, // how long a tab may be gone before its streams end
});
server.handle(transport);

const api = await listen(async (request) => {
  const response = await transport.fetch(request);
  const isDownlink = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
  if (isDownlink) console.log("downlink opened");
  if (response.status === 403) console.log(`403 to ${request.method} from ${request.headers.get("origin")}`);
  return response;
}, apiPort);
showPage(pageApp(await buildPage(api.origin), api.origin));

console.log(`Page at ${page.origin}/`);
console.log(`API at ${api.origin}/`);

process.once("SIGTERM", shutDown);
process.once("SIGINT", shutDown);

async function shutDown(): Promise<void> {
  await server.dispose();
  page.http.close();
  api.http.close();
  process.exit();
}
