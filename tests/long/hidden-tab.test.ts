/** X28: a tab that is hidden for ten minutes, whose timers its browser lets fire once a minute. Its links live: the server drives their life. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Server } from "@sluice/server";
import { listenHttp } from "@sluice/transport-http/node";
import { listenWebSocket } from "@sluice/transport-websocket";
import { build } from "esbuild";
import { describe, expect, onTestFinished, test } from "vitest";
import { findChromium } from "../find-chromium.ts";
import { faultRows, inSeconds } from "./full-length.ts";
import { HiddenTab } from "./hidden-tab.ts";
import { throttledProtocol } from "./throttled-protocol.ts";

const hiddenMs = 600_000;
/** Above the 30 s after which a silent link is dead: what keeps it alive are PINGs and their answers. */
const beatMs = 45_000;

interface PageReport {
  readonly ticks: readonly number[];
  readonly links: Readonly<Record<string, { readonly items: number; readonly statuses: readonly string[] }>>;
}

const row = faultRows(
  "Tabs that are hidden",
  "A page in Chromium behind another tab, with links over WebSocket and over HTTP, and default times.",
  1,
);

/** A server that streams an item to each link every {@link beatMs}, and what became of its links. */
async function serve(allowedOrigin: string) {
  const gone: string[] = [];
  const server = new Server({
    protocol: throttledProtocol,
    public: true,
    handlers: {
      async *beats({ signal }) {
        for (let at = 1; ; at++) {
          yield at;
          await pause(beatMs, undefined, { signal });
        }
      },
    },
  });
  server.on("detached", ({ connection, reason }) => void gone.push(`${connection.transport}: ${reason}`));
  server.on("disconnected", ({ connection, reason }) => void gone.push(`${connection.transport}: ${reason}`));
  const [ws = "", http = ""] = await server.listen(
    listenWebSocket({ port: 0, allowedOrigin }),
    listenHttp({ port: 0, allowedOrigin }),
  );
  return { server, gone, addresses: { ws, http } };
}

async function bundlePage(addresses: object): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("children/throttled-page.ts", import.meta.url))],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    platform: "browser",
    conditions: ["@sluice/source", "browser"],
    define: { addresses: JSON.stringify(addresses) },
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
}

const executable = findChromium("for a tab that is hidden");

describe.runIf(executable !== undefined)("a tab of Chromium", () => {
  test(
    "X28 that is hidden keeps its links for ten minutes, though its timers fire once a minute",
    async () => {
      let script = "";
      const pages = createServer((request, response) => {
        const isScript = request.url === "/page.js";
        response.writeHead(200, { "content-type": isScript ? "text/javascript" : "text/html" });
        response.end(isScript ? script : '<!doctype html><script type="module" src="/page.js"></script>');
      });
      await new Promise<void>((resolve) => pages.listen(0, "127.0.0.1", resolve));
      const origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
      const { server, gone, addresses } = await serve(origin);
      script = await bundlePage(addresses);
      const tab = await HiddenTab.open(executable ?? "", `${origin}/`);
      onTestFinished(async () => {
        await tab.close();
        await server.dispose();
        pages.closeAllConnections();
        await new Promise((resolve) => pages.close(resolve));
      });

      await pause(hiddenMs);
      expect(await tab.read("document.visibilityState")).toBe("hidden");
      const { ticks, links } = (await tab.read("report")) as PageReport;
      const gaps = ticks.slice(1).map((at, index) => at - (ticks[index] as number));
      const throttled = gaps.filter((ms) => ms > 55_000);
      // The page really was slowed down, nearly all of the time.
      expect(throttled.length).toBeGreaterThanOrEqual(8);
      expect(gone).toEqual([]);
      expect(Object.keys(links)).toEqual(["ws", "http"]);
      const items = Math.floor(hiddenMs / beatMs);
      for (const [name, { items: came, statuses, ...rest }] of Object.entries(links)) {
        expect([name, rest]).toEqual([name, {}]);
        expect(came).toBeGreaterThanOrEqual(items);
        expect(statuses.filter((status) => status !== "connecting")).toEqual(["connected"]);
      }
      row({
        ids: "X28",
        fault: "a hidden tab, whose timers fire once a minute, for 10 minutes",
        wanted: "no link is lost; nothing but PINGs for 45 s at a time, and links are dead after 30 s",
        seen: `both links lived, ${links.ws?.items} and ${links.http?.items} items; ${throttled.length} pauses of the page's timers, the longest ${inSeconds(Math.max(...gaps) / 1_000)}`,
      });
    },
    hiddenMs + 120_000,
  );
});
