/** The page over HTTP: what is served, by which name, and with which headers. */

import { once } from "node:events";
import { createConnection } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { buildPage } from "../src/build-page.ts";
import { type PageServer, pageApp, servePage } from "../src/page-server.ts";

const files = new Map([
  ["/", { type: "text/html; charset=utf-8", body: "<!doctype html>" }],
  ["/assets/main.js", { type: "text/javascript; charset=utf-8", body: "void 0;" }],
]);

describe("the page's server", () => {
  const host = "127.0.0.1:8080";
  const app = pageApp(files, host);
  const get = async (path: string, asked = host) =>
    app.request(`http://${host}${path}`, { headers: { host: asked } });

  test.each([
    ["/", 200, "text/html; charset=utf-8"],
    ["/assets/main.js", 200, "text/javascript; charset=utf-8"],
    ["/assets/", 404, "text/plain; charset=UTF-8"],
    ["/server.ts", 404, "text/plain; charset=UTF-8"],
    ["/assets/../../server.ts", 404, "text/plain; charset=UTF-8"],
    ["/%2e%2e/server.ts", 404, "text/plain; charset=UTF-8"],
  ])("answers %s with %i", async (path, status, type) => {
    const response = await get(path);
    expect([response.status, response.headers.get("content-type")]).toEqual([status, type]);
  });

  test("lets the page load its own files and talk to its own server, and nothing else", async () => {
    const { headers } = await get("/");
    expect(headers.get("content-security-policy")?.split("; ")).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self'",
      `connect-src 'self' ws://${host}`,
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ]);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("x-frame-options")).toBe("DENY");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
  });

  test.each(["evil.example", "evil.example:8080", "127.0.0.1:8081", "127.0.0.1"])(
    "answers nobody who asks for %s",
    async (asked) => {
      const response = await get("/", asked);
      expect([response.status, await response.text()]).toEqual([421, "This is another host"]);
    },
  );
});

describe("the page's port", () => {
  let page: PageServer;

  beforeEach(async () => {
    page = await servePage(files, 0);
  });

  afterEach(() => page.close());

  test("is one of this machine alone, and serves the files", async () => {
    expect(page.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect(await (await fetch(page.url)).text()).toBe("<!doctype html>");
  });

  test("breaks the connection whose other end is named, and no other", async () => {
    const { port } = new URL(page.url);
    const [one, other] = [createConnection(Number(port)), createConnection(Number(port))];
    await Promise.all([once(one, "connect"), once(other, "connect")]);
    const gone = new Promise((resolve) => one.once("close", resolve));
    one.on("error", () => {}); // a reset
    await expect.poll(() => page.cut(`tcp://127.0.0.1:${one.localPort}`)).toBe(true);
    await gone;
    expect(other.destroyed).toBe(false);
    expect(page.cut(`tcp://127.0.0.1:${one.localPort}`)).toBe(false);
    expect(page.cut(undefined)).toBe(false);
    other.destroy();
  });
});

test("the page is built of files of its own, with nothing inline", async () => {
  const built = await buildPage();
  const html = String(built.get("/")?.body);
  const named = [...html.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, path = ""]) => path);
  expect(named.length).toBe(3);
  for (const path of named) expect(built.has(path), path).toBe(true);
  expect([...built.keys()].sort()).toEqual(["/", ...named].sort());
  expect(html).not.toMatch(/<style|style=|<script[^>]*>[^<]|\son\w+=/);
  for (const [path, { body, type }] of built) {
    expect(type, path).not.toBe("application/octet-stream");
    expect(String(body)).not.toMatch(/\bfrom\s*["']node:|import\(["']node:/);
  }
});
