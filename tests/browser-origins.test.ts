/** H4, M3: real tabs against servers on loopback. Who comes by a name that was made to point here is refused, and so are other pages. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "@sluice/server";
import { listenHttp } from "@sluice/transport-http/node";
import { listenWebSocket } from "@sluice/transport-websocket";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findChromium } from "./find-chromium.ts";

const protocol = { greet: { type: "request", result: { type: "string" } } } as const;

/** What a page gets that POSTs to `url`: status and body, or that the browser keeps it away. */
function post(page: Page, url: string): Promise<string> {
  return page.evaluate(async (to) => {
    try {
      const response = await fetch(to, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: "",
      });
      return `${response.status} ${await response.text()}`;
    } catch (error) {
      return (error as Error).name;
    }
  }, url);
}

/** Whether a page gets a WebSocket to `url`. */
function opens(page: Page, url: string): Promise<boolean> {
  return page.evaluate(
    (to) =>
      new Promise<boolean>((resolve) => {
        const socket = new WebSocket(to);
        socket.onopen = () => resolve(true);
        socket.onerror = () => resolve(false);
      }),
    url,
  );
}

const executable = findChromium("to try origins in a real tab");

describe.runIf(executable !== undefined)("a tab of Chromium", () => {
  let browser: Browser;
  let server: Server<typeof protocol, undefined>;
  let http: string;
  let ws: string;
  let greeted = 0;

  beforeAll(async () => {
    const args = ["--no-sandbox", "--host-resolver-rules=MAP rebound.test 127.0.0.1"]; // root has no sandbox
    browser = await chromium.launch({ executablePath: executable ?? "", args });
    server = new Server({
      protocol,
      public: true,
      handlers: {
        greet: () => {
          greeted++;
          return "hello";
        },
      },
      logger: { trace() {}, debug() {}, info() {}, warn() {}, error() {} },
    });
    [http = "", ws = ""] = await server.listen(listenHttp({ port: 0 }), listenWebSocket({ port: 0 }));
  }, 60_000);

  afterAll(async () => {
    await server?.dispose();
    await browser?.close();
  });

  /** A tab whose document is whatever stands at `url`. */
  async function inTab(url: string, body: (page: Page) => Promise<void>): Promise<void> {
    const page = await browser.newPage();
    try {
      await page.goto(url);
      await body(page);
    } finally {
      await page.close();
    }
  }

  test("of the server's own address is let in", async () => {
    greeted = 0;
    await inTab(`${http}none`, async (page) => {
      expect(await post(page, `${http}greet`)).toBe('200 "hello"');
    });
    await inTab(ws.replace("ws:", "http:"), async (page) => expect(await opens(page, ws)).toBe(true));
    expect(greeted).toBe(1);
  });

  test("H4 W1 of a name that was made to point here is refused, although all is of its own origin", async () => {
    greeted = 0;
    const renamed = (url: string): string => url.replace("127.0.0.1", "rebound.test");
    await inTab(renamed(`${http}none`), async (page) => {
      expect(await page.evaluate(() => location.hostname)).toBe("rebound.test");
      expect(await post(page, renamed(`${http}greet`))).toMatch(/^403 .*does not go by that Host/);
    });
    await inTab(renamed(ws).replace("ws:", "http:"), async (page) => {
      expect(await opens(page, renamed(ws))).toBe(false);
    });
    expect(greeted).toBe(0);
  });

  test("M3 H3 W1 of another port of this machine is kept away", async () => {
    greeted = 0;
    const other = createServer((_, response) => response.end("<!doctype html><title>other</title>"));
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    await inTab(`http://127.0.0.1:${port}/`, async (page) => {
      // The browser asks first (a JSON body is no simple request), is refused, and sends nothing.
      expect(await post(page, `${http}greet`)).toBe("TypeError");
      expect(await opens(page, ws)).toBe(false);
    });
    await new Promise((resolve) => other.close(resolve));
    expect(greeted).toBe(0);
  });
});
