/** Who may come by web, and what browsers are told: Origin, Host, preflights and CORS. */
import { describe, expect, test } from "vitest";
import { ServerTransport, type ServerTransportOptions } from "../src/server-transport.ts";

const frames = "application/vnd.sluice.frames";
const good = "https://app.example.com";

function transport(options: ServerTransportOptions = {}): ServerTransport {
  const made = new ServerTransport({ path: "/rpc", allowedOrigin: good, ...options });
  made.accept((link) => link.destroy());
  return made;
}

function post(headers: Record<string, string>, url = "http://api.example.com/rpc"): Request {
  const accept = { accept: "text/event-stream", "content-type": frames };
  return new Request(url, { method: "POST", headers: { ...accept, ...headers }, body: new Uint8Array() });
}

function corsOf({ headers }: Response): Record<string, string | null> {
  return {
    origin: headers.get("access-control-allow-origin"),
    credentials: headers.get("access-control-allow-credentials"),
    vary: headers.get("vary"),
  };
}

describe("H14 an origin is told that it may read only if it is in the list, letter by letter", () => {
  const matrix: readonly {
    readonly name: string;
    readonly origin: string | undefined;
    readonly status: number;
  }[] = [
    { name: "the one in the list", origin: good, status: 200 },
    { name: "none", origin: undefined, status: 200 },
    { name: "null", origin: "null", status: 403 },
    { name: "another host", origin: "https://evil.example", status: 403 },
    { name: "the same host by another scheme", origin: "http://app.example.com", status: 403 },
    { name: "another port", origin: "https://app.example.com:8443", status: 403 },
    { name: "the default port written out", origin: "https://app.example.com:443", status: 403 },
    { name: "a host that begins like it", origin: "https://app.example.com.evil.example", status: 403 },
    { name: "a host that ends like it", origin: "https://evilapp.example.com", status: 403 },
    { name: "capitals", origin: "https://APP.example.com", status: 403 },
    { name: "a slash at its end", origin: "https://app.example.com/", status: 403 },
    { name: "two", origin: `${good}, https://evil.example`, status: 403 },
  ];
  test.each(matrix)("$name: $origin", async ({ origin, status }) => {
    const response = await transport().fetch(post(origin === undefined ? {} : { origin }));
    await response.body?.cancel();
    expect(response.status).toBe(status);
    const isTold = origin !== undefined && status === 200;
    expect(corsOf(response)).toEqual({ origin: isTold ? origin : null, credentials: null, vary: "Origin" });
  });

  test("and cookies are taken only if that was said", async () => {
    const response = await transport({ allowCredentials: true }).fetch(post({ origin: good }));
    await response.body?.cancel();
    expect(corsOf(response)).toEqual({ origin: good, credentials: "true", vary: "Origin" });
  });

  test("also where the request is refused for another reason, so that the page can read why", async () => {
    const response = await transport().fetch(post({ origin: good, "content-type": "text/plain" }));
    expect([response.status, corsOf(response).origin]).toEqual([415, good]);
  });

  test("and no list may hold a star or null", () => {
    for (const allowedOrigin of ["*", "null", "https://*.example.com"]) {
      expect(() => new ServerTransport({ allowedOrigin })).toThrow(TypeError);
    }
  });
});

test("the page of a listed name behind a proxy that ends TLS may come, and is told so", async () => {
  const made = transport({ allowedHost: "api.example.com", allowedOrigin: undefined, boundTo: "127.0.0.1" });
  const own = await made.fetch(post({ origin: "https://api.example.com" }));
  await own.body?.cancel();
  expect([own.status, corsOf(own).origin]).toEqual([200, "https://api.example.com"]);
  const foreign = await made.fetch(post({ origin: "https://evil.example.com" }));
  expect([foreign.status, corsOf(foreign).origin]).toEqual([403, null]);
});

describe("a preflight", () => {
  const ask = (origin: string, path = "/rpc"): Request =>
    new Request(`http://api.example.com${path}`, {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,sluice-link",
      },
    });

  test("of an origin in the list is answered 204 with exactly what it may send", async () => {
    const { status, headers } = await transport({ allowedHeaders: ["X-Tenant"] }).fetch(ask(good));
    expect(status).toBe(204);
    expect(headers.get("access-control-allow-origin")).toBe(good);
    expect(headers.get("access-control-allow-methods")).toBe("GET, POST");
    const allowed = headers.get("access-control-allow-headers")?.split(", ") ?? [];
    expect(allowed).toEqual(
      expect.arrayContaining(["content-type", "sluice-link", "sluice-batch", "sluice-padding", "x-tenant"]),
    );
    expect(allowed).not.toContain("*");
  });

  test("of an origin in the list is answered for direct calls too", async () => {
    expect((await transport().fetch(ask(good, "/rpc/add"))).status).toBe(204);
  });

  test("of another origin is refused, and says nothing", async () => {
    const response = await transport().fetch(ask("https://evil.example"));
    expect(response.status).toBe(403);
    expect(response.headers.get("access-control-allow-headers")).toBeNull();
    expect(corsOf(response).origin).toBeNull();
  });
});

describe("H3 requests that another page forges", () => {
  const simple = [
    "text/plain",
    "text/plain;charset=UTF-8",
    "multipart/form-data; boundary=x",
    "Application/X-WWW-Form-Urlencoded",
  ];
  test.each(simple)("of a type that a page may send unasked are refused: %s", async (type) => {
    const links: unknown[] = [];
    const made = new ServerTransport({ path: "/rpc" });
    made.accept((link) => void links.push(link));
    const response = await made.fetch(post({ "content-type": type }));
    expect([response.status, links.length]).toEqual([415, 0]);
  });

  test("of no type are refused", async () => {
    const request = new Request("http://api.example.com/rpc", { method: "POST", body: new Uint8Array(3) });
    expect((await transport().fetch(request)).status).toBe(415);
  });

  test("in other letters are the same type, and with parameters", async () => {
    const response = await transport().fetch(post({ "content-type": "Application/VND.sluice.Frames; v=1" }));
    await response.body?.cancel();
    expect(response.status).toBe(200);
  });

  test.each(["cross-site", "same-site"])(
    "without an Origin, and from a page that is %s, are refused",
    async (site) => {
      expect((await transport().fetch(post({ "sec-fetch-site": site }))).status).toBe(403);
    },
  );
});

describe("H4 a name that was bound to another address", () => {
  test("is no name of a server on a loopback address: not for links, batches, direct calls or preflights", async () => {
    const made = transport({ boundTo: "127.0.0.1", allowedOrigin: undefined });
    const evil = "http://evil.test:3000";
    const requests = [
      post({}, `${evil}/rpc`),
      post({ "sluice-link": "x", "sluice-batch": "1" }, `${evil}/rpc`),
      new Request(`${evil}/rpc/add`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: "1",
      }),
      new Request(`${evil}/rpc`, {
        method: "OPTIONS",
        headers: { origin: evil, "access-control-request-method": "POST" },
      }),
    ];
    for (const request of requests) expect((await made.fetch(request)).status).toBe(403);
  });

  test("is refused where the names are listed", async () => {
    const made = transport({ allowedHost: "api.example.com" });
    const response = await made.fetch(post({}));
    await response.body?.cancel();
    expect(response.status).toBe(200);
    expect((await made.fetch(post({}, "http://other.example.com/rpc"))).status).toBe(403);
  });
});
