/** Who may come: judged by Origin and Host before anything is upgraded, and before anybody hears of it. */
import { networkInterfaces } from "node:os";
import type { ListenWebSocketOptions } from "@sluice/transport-websocket";
import { describe, expect, test } from "vitest";
import { type AskOptions, askUpgrade } from "./ask-upgrade.ts";
import { listening, until } from "./listening.ts";

const good = "https://good.example.com";

/** The status for each of `requests`, and that only 101 made a link. */
async function statuses(
  options: Partial<ListenWebSocketOptions>,
  requests: readonly (AskOptions["headers"] & object)[],
): Promise<number[]> {
  const { address, links } = await listening(options);
  const { port } = new URL(address);
  const found: number[] = [];
  for (const headers of requests) {
    const placed = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [
        name,
        typeof value === "string" ? value.replaceAll("PORT", port) : value,
      ]),
    );
    const { status, body, head, socket } = await askUpgrade(address, { headers: placed });
    found.push(status);
    if (status === 101) socket.destroy();
    else {
      expect(body.length).toBeLessThan(80);
      expect(head.join("\n")).not.toMatch(/Sec-WebSocket-Accept|Upgrade:/i);
      expect(body).not.toContain("example");
    }
  }
  const upgraded = found.filter((status) => status === 101).length;
  await until(() => links.length >= upgraded);
  expect(links.length).toBe(upgraded);
  return found;
}

describe("W1 a page", () => {
  test("of no listed origin is refused, whatever its origin looks like", async () => {
    const foreign = [
      "https://evil.example.com",
      "https://good.example.com.evil.com",
      "https://evilgood.example.com",
      "https://good.example.com:8443",
      "http://good.example.com",
      "https://GOOD.EXAMPLE.COM",
      "https://good.example.com/",
      "null",
      "",
      "file://",
      "http://[::1]:PORT",
      "https://xn--good-example-9za.com",
    ];
    const found = await statuses(
      { allowedOrigin: good },
      foreign.map((Origin) => ({ Origin })),
    );
    expect(found).toEqual(foreign.map(() => 403));
  });

  test("of a listed origin may come, by a name of this machine", async () => {
    expect(
      await statuses({ allowedOrigin: [good] }, [{ Origin: good }, { Origin: good, Host: "[::1]:PORT" }]),
    ).toEqual([101, 101]);
  });

  test("that says two origins is refused", async () => {
    expect(
      await statuses({ allowedOrigin: good }, [{ Origin: [good, good] }, { Origin: `${good}, ${good}` }]),
    ).toEqual([403, 403]);
  });

  test("of the server's own origin may come, of another port of the same machine not", async () => {
    const own = [
      "http://127.0.0.1:PORT",
      "http://127.0.0.1:1",
      "https://127.0.0.1:PORT",
      "http://localhost:PORT",
    ];
    expect(
      await statuses(
        {},
        own.map((Origin) => ({ Origin })),
      ),
    ).toEqual([101, 403, 403, 403]);
  });

  test("is refused by default where the server does not know its own name", async () => {
    const address = await anotherAddress();
    if (address === undefined) return;
    const { address: at } = await listening({ host: address });
    const { host } = new URL(at);
    expect((await askUpgrade(at, { headers: { Origin: `http://${host}` } })).status).toBe(403);
    expect((await askUpgrade(at)).status).toBe(101);
  });
});

describe("who sends no Origin", () => {
  test("is no browser and may come, unless one is required", async () => {
    expect(await statuses({}, [{}])).toEqual([101]);
    expect(await statuses({ requireOrigin: true, allowedOrigin: good }, [{}, { Origin: good }])).toEqual([
      403, 101,
    ]);
  });

  test("does not get in by an older draft, whose Origin has another name", async () => {
    const headers = { "Sec-WebSocket-Version": "8", "Sec-WebSocket-Origin": "https://evil.example.com" };
    expect(await statuses({}, [headers])).toEqual([426]);
  });
});

describe("a name that was made to point here", () => {
  test("is refused on loopback, with and without an Origin", async () => {
    const hosts = [
      "evil.example.com",
      "evil.example.com:PORT",
      "127.0.0.1.example.com:PORT",
      "localhost.example.com:PORT",
      "10.0.0.1:PORT",
      "0.0.0.0:PORT",
      "",
    ];
    expect(
      await statuses(
        {},
        hosts.map((Host) => ({ Host, Origin: `http://${Host}` })),
      ),
    ).toEqual(hosts.map(() => 403));
    expect(
      await statuses(
        {},
        hosts.map((Host) => ({ Host })),
      ),
    ).toEqual(hosts.map(() => 403));
  });

  test("is refused on loopback also by a server that listens everywhere", async () => {
    for (const host of ["0.0.0.0", "::"]) {
      const { address, links } = await listening({ host });
      const near = `ws://127.0.0.1:${new URL(address).port}/`;
      expect((await askUpgrade(near, { headers: { Host: "evil.example.com" } })).status).toBe(403);
      expect(links.length).toBe(0);
      expect((await askUpgrade(near)).status).toBe(101);
    }
  });

  test("may be listed, as behind a proxy", async () => {
    const hosts = ["app.example.com", "APP.example.com:443", "b.example.com:81", "b.example.com"];
    const options = { allowedHost: ["app.example.com", "b.example.com:81"] };
    expect(
      await statuses(
        options,
        hosts.map((Host) => ({ Host })),
      ),
    ).toEqual([101, 101, 101, 403]);
  });
});

describe("a page behind a proxy that ends TLS", () => {
  const Host = "app.example.com";
  const allowedHost = "app.example.com";
  const origins = ["https://app.example.com", "http://app.example.com", "https://evil.example.com"];
  const asked = origins.map((Origin) => ({ Origin, Host }));

  test("may come from the listed name by https, though the proxy speaks plainly", async () => {
    expect(await statuses({ allowedHost }, asked)).toEqual([101, 101, 403]);
  });

  test("may not come by http, if the https origin is listed", async () => {
    const options = { allowedHost, allowedOrigin: "https://app.example.com" };
    expect(await statuses(options, asked)).toEqual([101, 403, 403]);
  });

  test("may not come by a name that was made to point here", async () => {
    const Host = "evil.example.com";
    expect(await statuses({ allowedHost }, [{ Origin: "https://evil.example.com", Host }])).toEqual([403]);
  });
});

/** An address of this machine that is not of loopback, if it has one. */
async function anotherAddress(): Promise<string | undefined> {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return all.find(({ family, internal }) => family === "IPv4" && !internal)?.address;
}
