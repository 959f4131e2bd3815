/** Which pages and which names are let in: exact origins, own hosts on loopback, nothing that a name server can arrange. */
import { describe, expect, test } from "vitest";
import {
  isHostAllowed,
  isLoopbackHost,
  isOriginAllowed,
  type WebOriginOptions,
  webOriginRules,
  webRefusal,
} from "../../src/link/web-origin.ts";

const good = "https://good.example.com";

describe("W1 isOriginAllowed", () => {
  const rules = webOriginRules({ allowedOrigin: [good, "http://[::1]:8080", "app://desk"] });

  test.each([good, "http://[::1]:8080", "app://desk"])("lets %s in, which is listed", (origin) => {
    expect(isOriginAllowed(origin, rules)).toBe(true);
  });

  test.each([
    "https://evil.example.com",
    "https://good.example.com.evil.com",
    "https://sub.good.example.com",
    "https://good.example.com:8443",
    "https://good.example.com:443",
    "http://good.example.com",
    "https://GOOD.example.com",
    "HTTPS://good.example.com",
    "https://good.example.com/",
    "https://good.example.com.",
    " https://good.example.com",
    "https://good.example.com, https://good.example.com",
    "https://good.example.com https://evil.example.com",
    "http://[::1]:8081",
    "http://[0:0:0:0:0:0:0:1]:8080",
    "null",
    "NULL",
    "*",
    "",
  ])("refuses %j", (origin) => {
    expect(isOriginAllowed(origin, rules)).toBe(false);
  });

  test.each([undefined, null])("lets in who sends %s, for it is no browser", (origin) => {
    expect(isOriginAllowed(origin, rules)).toBe(true);
  });

  test("refuses who sends none, if one is required", () => {
    expect(isOriginAllowed(undefined, webOriginRules({ requireOrigin: true }))).toBe(false);
  });

  test("refuses every page by default", () => {
    expect(isOriginAllowed(good, webOriginRules({}))).toBe(false);
    expect(isOriginAllowed("null", webOriginRules({}))).toBe(false);
  });
});

describe("isHostAllowed", () => {
  test.each([
    "localhost",
    "localhost:8080",
    "LOCALHOST:1",
    "127.0.0.1:8080",
    "127.9.9.9",
    "[::1]",
    "[::1]:8080",
    "[0:0:0:0:0:0:0:1]:8080",
  ])("answers to %s on loopback", (host) => {
    expect(isHostAllowed(host, webOriginRules({}, "127.0.0.1"))).toBe(true);
  });

  test.each([
    "evil.example.com",
    "evil.example.com:8080",
    "localhost.evil.com",
    "127.0.0.1.evil.com",
    "127.0.0.1.nip.io",
    "127.0.0.999",
    "0.0.0.0:8080",
    "10.0.0.1",
    "localhost@evil.com",
    "localhost:8080:1",
    "localhost, evil.com",
    "localhost/",
    "[::2]",
    "::1",
    "[localhost]",
    "",
    undefined,
    null,
  ])("does not answer to %j on loopback", (host) => {
    for (const boundTo of ["127.0.0.1", "::1", "[::1]", "localhost", "127.0.0.2", "::ffff:127.0.0.1"]) {
      expect(isHostAllowed(host, webOriginRules({}, boundTo)), boundTo).toBe(false);
    }
  });

  test("tells loopback from what only looks like it", () => {
    for (const host of ["localhost", "127.0.0.1", "::1", "[::1]", "::ffff:127.0.0.1"]) {
      expect(isLoopbackHost(host), host).toBe(true);
    }
    for (const host of [
      "0.0.0.0",
      "::",
      "::ffff:10.0.0.1",
      "127.0.0.1.evil.com",
      "a127.0.0.1",
      "128.0.0.1",
    ]) {
      expect(isLoopbackHost(host), host).toBe(false);
    }
  });

  test("answers to any name where others reach it and no name is listed", () => {
    for (const boundTo of ["0.0.0.0", "::", "10.1.2.3", "db.local", undefined]) {
      expect(isHostAllowed("whatever.example.com", webOriginRules({}, boundTo)), boundTo).toBe(true);
      expect(isHostAllowed(undefined, webOriginRules({}, boundTo)), boundTo).toBe(true);
    }
  });

  test("answers to listed names only, with any port unless one is listed", () => {
    const rules = webOriginRules({ allowedHost: ["App.example.com", "b.example.com:8443"] }, "0.0.0.0");
    const answered = (host: string) => isHostAllowed(host, rules);

    expect(answered("app.example.com")).toBe(true);
    expect(answered("APP.EXAMPLE.COM:81")).toBe(true);
    expect(answered("b.example.com:8443")).toBe(true);
    expect(answered("b.example.com")).toBe(false);
    expect(answered("b.example.com:8444")).toBe(false);
    expect(answered("c.example.com")).toBe(false);
    expect(answered("localhost")).toBe(false);
  });

  test("keeps the names of loopback beside the listed ones", () => {
    const rules = webOriginRules({ allowedHost: "dev.example.com" }, "127.0.0.1");
    expect(isHostAllowed("localhost:1", rules)).toBe(true);
    expect(isHostAllowed("dev.example.com:1", rules)).toBe(true);
    expect(isHostAllowed("evil.example.com:1", rules)).toBe(false);
  });
});

describe("webRefusal", () => {
  const refusal = (
    origin: string | undefined,
    host: string | undefined,
    options: WebOriginOptions = {},
    boundTo = "127.0.0.1",
    isEncrypted = false,
  ) => webRefusal({ origin, host, isEncrypted }, webOriginRules(options, boundTo));

  test("lets the server's own pages in where its name is checked", () => {
    expect(refusal("http://localhost:8080", "localhost:8080")).toBeUndefined();
    expect(refusal("http://[::1]:8080", "[::1]:8080")).toBeUndefined();
    expect(refusal("http://localhost", "localhost:80")).toBeUndefined();
    const listed = { allowedHost: "app.example.com" };
    expect(refusal("https://app.example.com", "app.example.com", listed, "0.0.0.0", true)).toBeUndefined();
  });

  test("refuses pages of another port, scheme or name of the same machine", () => {
    expect(refusal("http://localhost:8081", "localhost:8080")).toMatch(/Origin/);
    expect(refusal("https://localhost:8080", "localhost:8080")).toMatch(/Origin/);
    expect(refusal("http://127.0.0.1:8080", "localhost:8080")).toMatch(/Origin/);
  });

  describe("behind a proxy that ends TLS", () => {
    const listed = { allowedHost: "App.example.com" };

    test.each([
      ["https://app.example.com", "app.example.com"],
      ["https://app.example.com", "app.example.com:443"],
      ["https://app.example.com:8443", "app.example.com:8443"],
      ["https://app.example.com", "APP.example.com"],
    ])("lets %s in, the page of the listed name %s", (origin, host) => {
      for (const boundTo of ["127.0.0.1", "0.0.0.0"]) {
        expect(refusal(origin, host, listed, boundTo), boundTo).toBeUndefined();
      }
    });

    test("refuses pages of another name, port or way of writing", () => {
      for (const origin of [
        "https://evil.example.com",
        "https://app.example.com:8443",
        "https://app.example.com.evil.com",
        "https://sub.app.example.com",
        "https://APP.example.com",
        "https://app.example.com:443",
        "wss://app.example.com",
        "null",
      ]) {
        expect(refusal(origin, "app.example.com", listed), origin).toMatch(/Origin/);
      }
    });

    test("still refuses who was made to point here, by https too", () => {
      for (const scheme of ["http", "https"]) {
        expect(refusal(`${scheme}://evil.example.com`, "evil.example.com", listed)).toMatch(/Host/);
        expect(refusal(`${scheme}://evil.example.com`, "app.example.com", listed)).toMatch(/Origin/);
        expect(refusal(`${scheme}://evil.example.com:8080`, "localhost:8080", listed)).toMatch(/Origin/);
        expect(refusal(`${scheme}://evil.example.com`, "evil.example.com", {}, "0.0.0.0")).toMatch(/Origin/);
      }
    });

    test("takes no https for a name that nobody has listed", () => {
      expect(refusal("https://localhost:8080", "localhost:8080", listed)).toMatch(/Origin/);
      expect(
        refusal("https://localhost:8080", "localhost:8080", { allowedHost: "localhost" }),
      ).toBeUndefined();
    });

    test("takes the http page of the name, unless its https origin is listed or TLS ends here", () => {
      const plain = "http://app.example.com";
      const strict = { ...listed, allowedOrigin: "https://app.example.com" };
      expect(refusal(plain, "app.example.com", listed)).toBeUndefined();
      expect(refusal(plain, "app.example.com", strict)).toMatch(/Origin/);
      expect(refusal("https://app.example.com", "app.example.com", strict)).toBeUndefined();
      expect(refusal(plain, "app.example.com", listed, "0.0.0.0", true)).toMatch(/Origin/);
      const other = { ...listed, allowedOrigin: good };
      expect(refusal(plain, "app.example.com", other)).toBeUndefined();
    });
  });

  test("refuses a page whose name was made to point here, though all is of one origin to it", () => {
    expect(refusal("http://evil.example.com:8080", "evil.example.com:8080")).toMatch(/Host/);
    expect(refusal(undefined, "evil.example.com:8080")).toMatch(/Host/);
  });

  test("refuses such a page also where names are not checked, for none is known to be the server's own", () => {
    expect(refusal("http://evil.example.com", "evil.example.com", {}, "0.0.0.0")).toMatch(/Origin/);
  });

  test("does not let a listed origin come by a foreign name", () => {
    expect(refusal(good, "evil.example.com", { allowedOrigin: good })).toMatch(/Host/);
  });

  test("says that an Origin is missing, and repeats nothing that the request said", () => {
    expect(refusal(undefined, "localhost", { requireOrigin: true })).toBe("An Origin is required");
    expect(refusal("http://<script>", "localhost")).not.toContain("script");
  });
});

describe("webOriginRules refuses what no browser would send", () => {
  test.each([
    ["https://app.example.com/", /did you mean "https:\/\/app.example.com"/],
    ["https://App.example.com", /did you mean "https:\/\/app.example.com"/],
    ["https://app.example.com:443", /did you mean "https:\/\/app.example.com"/],
    ["https://app.example.com/path", /did you mean/],
    ["https://u:p@app.example.com", /did you mean/],
    ["app.example.com", /is no origin/],
    ["*", /one by one/],
    ["https://*.example.com", /one by one/],
    ["null", /any page/],
    ["", /is no origin/],
    ["App://desk", /is no origin/],
    ["app://desk/page", /is no origin/],
  ])("allowedOrigin %j", (allowedOrigin, message) => {
    expect(() => webOriginRules({ allowedOrigin })).toThrow(TypeError);
    expect(() => webOriginRules({ allowedOrigin })).toThrow(message);
  });

  test.each(["https://app.example.com", "a b", "::1", "*", "", "*.example.com", "a:b"])(
    "allowedHost %j",
    (allowedHost) => {
      expect(() => webOriginRules({ allowedHost: [allowedHost] })).toThrow(/is no host/);
    },
  );
});
