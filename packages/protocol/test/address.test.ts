/** The grammar of addresses: what is accepted, what is refused and how, and that secrets stay out of messages. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Address, addressSchemes, formatAddress, parseAddress } from "../src/address.ts";
import { SluiceError } from "../src/errors/sluice-error.ts";

const accepted: readonly [text: string, address: Address, written?: string][] = [
  ["unix:/run/app.sock", { scheme: "unix", path: "/run/app.sock" }],
  ["unix:///run/app.sock", { scheme: "unix", path: "/run/app.sock" }, "unix:/run/app.sock"],
  ["unix:app.sock", { scheme: "unix", path: "app.sock" }],
  ["unix:./dir/app.sock", { scheme: "unix", path: "./dir/app.sock" }],
  ["unix:../app.sock", { scheme: "unix", path: "../app.sock" }],
  ["unix:/with space/ümlaut/a:b@c?d#e%20", { scheme: "unix", path: "/with space/ümlaut/a:b@c?d#e%20" }],
  ["UNIX:/run/app.sock", { scheme: "unix", path: "/run/app.sock" }, "unix:/run/app.sock"],
  ["tcp://localhost:3000", { scheme: "tcp", host: "localhost", port: 3000 }],
  ["tcp://127.0.0.1:0", { scheme: "tcp", host: "127.0.0.1", port: 0 }],
  ["tcp://0.0.0.0:65535", { scheme: "tcp", host: "0.0.0.0", port: 65_535 }],
  [
    "tcp://my-host.example.org:80/",
    { scheme: "tcp", host: "my-host.example.org", port: 80 },
    "tcp://my-host.example.org:80",
  ],
  ["tcp://under_score:1", { scheme: "tcp", host: "under_score", port: 1 }],
  ["tcp://größe.example:1", { scheme: "tcp", host: "größe.example", port: 1 }],
  ["tcp://a:00080", { scheme: "tcp", host: "a", port: 80 }, "tcp://a:80"],
  ["Tcp://a:1", { scheme: "tcp", host: "a", port: 1 }, "tcp://a:1"],
  ["tcp://[::1]:3000", { scheme: "tcp", host: "::1", port: 3000 }],
  ["tcp://[::]:0", { scheme: "tcp", host: "::", port: 0 }],
  ["tcp://[2001:DB8::1]:1", { scheme: "tcp", host: "2001:DB8::1", port: 1 }],
  ["tcp://[::ffff:192.0.2.1]:1", { scheme: "tcp", host: "::ffff:192.0.2.1", port: 1 }],
  ["tcp://[fe80::1%eth0]:1", { scheme: "tcp", host: "fe80::1%eth0", port: 1 }],
  ["tcp://[fe80::1%Ethernet_2]:1", { scheme: "tcp", host: "fe80::1%Ethernet_2", port: 1 }],
  ["tls://example.org:443", { scheme: "tls", host: "example.org", port: 443 }],
  ["nats://localhost:4222", { scheme: "nats", host: "localhost", port: 4222 }],
  ["ws://localhost:8080/path?query=1", { scheme: "ws", url: "ws://localhost:8080/path?query=1" }],
  ["wss://example.org", { scheme: "wss", url: "wss://example.org/" }, "wss://example.org/"],
  ["WSS://Example.org:443/A", { scheme: "wss", url: "wss://example.org/A" }, "wss://example.org/A"],
  ["http://[::1]:80/x", { scheme: "http", url: "http://[::1]/x" }, "http://[::1]/x"],
  ["https://example.org/rpc", { scheme: "https", url: "https://example.org/rpc" }],
  ["memory:name", { scheme: "memory", name: "name" }],
  ["memory:a b/c:d", { scheme: "memory", name: "a b/c:d" }],
  ["stdio:", { scheme: "stdio" }],
  ["stdio://", { scheme: "stdio" }, "stdio:"],
];

const refused: readonly [text: string, why: string][] = [
  ["", "its scheme is none of"],
  ["localhost:3000", "its scheme is none of"],
  ["/run/app.sock", "its scheme is none of"],
  ["ftp://host:1", "its scheme is none of"],
  [" tcp://host:1", "its scheme is none of"],
  ["constructor:x", "its scheme is none of"],
  ["unix:", "it has no path"],
  ["unix://", "a Unix socket has a path and no host"],
  ["unix://host/run/app.sock", "a Unix socket has a path and no host"],
  ["unix:////run/app.sock", "a Unix socket has a path and no host"],
  ["unix:/run/a\0b", "its path holds a NUL"],
  ["unix:\0abstract", "its path holds a NUL"],
  ["tcp:host:1", "// follows tcp:"],
  ["tcp:/host:1", "// follows tcp:"],
  ["tcp://host", "it is not host:port"],
  ["tcp://host:", "it is not host:port"],
  ["tcp://:3000", "it is not host:port"],
  ["tcp://host:-1", "it is not host:port"],
  ["tcp://host:1.5", "it is not host:port"],
  ["tcp://host:abc", "it is not host:port"],
  ["tcp://host:0x50", "it is not host:port"],
  ["tcp://host:123456", "it is not host:port"],
  ["tcp://host:1/path", "it is not host:port"],
  ["tcp://host:1?a=b", "it is not host:port"],
  ["tcp://host:1#a", "it is not host:port"],
  ["tcp://ho st:1", "it is not host:port"],
  ["tcp://ho\0st:1", "it is not host:port"],
  ["tcp://ho\nst:1", "it is not host:port"],
  ["tcp://host:1\n", "it is not host:port"],
  ["tcp://::1:3000", "it is not host:port"],
  ["tcp://[::1]", "it is not host:port"],
  ["tcp://[::1:3000", "it is not host:port"],
  ["tcp://[]:1", "it is not host:port"],
  ["tcp://[localhost]:1", "it is not host:port"],
  ["tcp://[127.0.0.1]:1", "it is not host:port"],
  ["tcp://[::g]:1", "it is not host:port"],
  ["tcp://[::1%]:1", "it is not host:port"],
  ["tcp://host:65536", "port 65536 is above 65535"],
  ["tls://host:99999", "port 99999 is above 65535"],
  ["tcp://user@host:1", "credentials do not belong into an address"],
  ["nats://user:pass@host:4222", "credentials do not belong into an address"],
  ["ws://", "it is no URL"],
  ["ws://host:99999", "it is no URL"],
  ["wss://ho st/", "it is no URL"],
  ["http://[::1", "it is no URL"],
  ["wss://user@host/", "credentials do not belong into an address"],
  ["https://:pass@host/", "credentials do not belong into an address"],
  ["memory:", "it names nothing"],
  ["stdio:x", "nothing follows stdio:"],
  ["stdio:///", "nothing follows stdio:"],
];

function refusal(text: string): SluiceError {
  try {
    parseAddress(text);
  } catch (error) {
    if (SluiceError.is(error)) return error;
    throw error;
  }
  throw new Error(`${text} was accepted`);
}

describe("parseAddress accepts", () => {
  test.each(accepted)("%s", (text, address, written = text) => {
    expect(parseAddress(text)).toEqual(address);
    expect(formatAddress(address)).toBe(written);
    expect(parseAddress(written)).toEqual(address);
  });
});

describe("parseAddress refuses", () => {
  test.each(refused)("%j", (text, why) => {
    const error = refusal(text);
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", processed: "no" });
    expect(error.message).toContain(why);
    expect(error.message).toMatch(/^Invalid address ".*": .*\. Try [a-z]+:\S*$/);
  });

  test.each(refused)("%j with an example that is right", (text) => {
    const [, example = ""] = /\. Try (\S+)$/.exec(refusal(text).message) ?? [];
    expect(formatAddress(parseAddress(example))).toContain(":");
  });

  test("with control characters written as escapes", () => {
    expect(refusal("unix:/run/a\0b").message).toContain('"unix:/run/a\\u0000b"');
    expect(refusal("tcp://a\nb:1").message).not.toContain("\n");
  });
});

describe("a secret in an address that is refused stays out of the error", () => {
  test.each([
    "tcp://user:hunter2@host:1",
    "nats://hunter2@host:4222",
    "tcp:user:hunter2@host:1",
    "tcp://user:hun@ter2hunter2@host:1",
    "tcp://user:a/hunter2@host:1",
    "tls://user:hunter2@host",
    "tls://user:hunter2@host:99999",
    "ws://user:hunter2@host/",
    "ws://user:hunter2@host:99999/",
    "wss://user:hunter2@ho st/",
    "https://user:a@b:hunter2@host:bad/",
    "https://user:hunter2@",
    "redis://user:hunter2@host:6379",
    "user:hunter2@host",
    "//user:hunter2@host",
    "unix://user:hunter2@host/run",
    "stdio://user:hunter2@host",
    "ws://host:99999/?token=hunter2",
    "ftp://host/?token=hunter2",
    "tcp://host:1?token=hunter2",
    "ws://user:line\nhunter2@host:99999/",
  ])("%j", (text) => {
    const error = refusal(text);
    const said = [error.message, error.stack, String(error.cause), JSON.stringify(error)].join();
    expect(said).not.toContain("hunter2");
    expect(error.cause).toBeUndefined();
  });

  test("while the rest is shown", () => {
    expect(refusal("wss://user:hunter2@example.org:8443/path?token=x").message).toBe(
      'Invalid address "wss://…@example.org:8443/path?…": credentials do not belong into an address. Try wss://example.org:8443/path',
    );
  });
});

describe("formatAddress", () => {
  test("writes what parseAddress reads, for every address", () => {
    const port = fc.nat(65_535);
    const label = fc.constantFrom("a", "host", "my-host", "x_1", "größe", "127", "0");
    const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join("."));
    const group = fc.integer({ min: 0, max: 0xffff }).map((number) => number.toString(16));
    const ipV6 = fc.array(group, { minLength: 8, maxLength: 8 }).map((groups) => groups.join(":"));
    const host = fc.oneof(name, ipV6, fc.constantFrom("::", "::1", "fe80::1%eth0", "::ffff:192.0.2.1"));
    const path = fc
      .string({ unit: "grapheme", minLength: 1 })
      .filter((text) => !text.startsWith("//") && !text.includes("\0"));
    const address: fc.Arbitrary<Address> = fc.oneof(
      path.map((text) => ({ scheme: "unix", path: text }) as const),
      fc.record({ scheme: fc.constantFrom("tcp", "tls", "nats"), host, port }),
      fc
        .tuple(
          fc.constantFrom("ws", "wss", "http", "https"),
          label,
          port,
          fc.constantFrom("", "/", "/a/b?c=d"),
        )
        .map(([scheme, server, number, where]) => ({
          scheme,
          url: new URL(`${scheme}://${server}:${number}${where}`).href,
        })),
      fc.string({ minLength: 1 }).map((name) => ({ scheme: "memory", name }) as const),
      fc.constant({ scheme: "stdio" } as const),
    );
    fc.assert(
      fc.property(address, (made) => {
        expect(parseAddress(formatAddress(made))).toEqual(made);
      }),
      { numRuns: 500, interruptAfterTimeLimit: 1500, markInterruptAsFailure: false },
    );
  });

  test("knows every scheme", () => {
    expect(new Set(accepted.map(([, { scheme }]) => scheme))).toEqual(new Set(addressSchemes));
  });
});

test("parseAddress gives an address or an INVALID_ARGUMENT, whatever the text", () => {
  const part = fc.constantFrom(
    ...addressSchemes,
    ":",
    "/",
    "//",
    "@",
    "[",
    "]",
    "%",
    "?",
    "#",
    "\0",
    "1",
    "99999",
    "::1",
    " ",
  );
  const text = fc
    .array(fc.oneof(part, fc.string({ maxLength: 3 })), { maxLength: 8 })
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(text, (any) => {
      try {
        const address = parseAddress(any);
        expect(parseAddress(formatAddress(address))).toEqual(address);
      } catch (error) {
        expect(error).toMatchObject({ name: "SluiceError", code: "INVALID_ARGUMENT", processed: "no" });
      }
    }),
    { numRuns: 3000, interruptAfterTimeLimit: 1500, markInterruptAsFailure: false },
  );
});
