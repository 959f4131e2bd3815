/** Transports by address: loaded when first needed, or registered by hand. */
import { describe, expect, test, vi } from "vitest";
import { type Address, addressSchemes } from "../../src/address.ts";
import type { TransportModule } from "../../src/link/scheme-table.ts";
import type { Listener, Transport } from "../../src/link/transport.ts";

// A table of its own: registering is for the whole process, which other files have a part in.
vi.resetModules();
const { listenerAt, register, transportTo } = await import("../../src/link/scheme-table.ts");

const transport = { name: "made" } as Transport;
const listener = {} as Listener;

/** A module that notes the addresses which it was asked for. */
function noting(): TransportModule & { readonly asked: Address[] } {
  const asked: Address[] = [];
  return {
    asked,
    transportFromAddress(address) {
      asked.push(address);
      return transport;
    },
    listenerFromAddress(address) {
      asked.push(address);
      return listener;
    },
  };
}

const examples: Readonly<Record<(typeof addressSchemes)[number], [url: string, name: string]>> = {
  unix: ["unix:/run/app.sock", "@sluice/transport-socket"],
  tcp: ["tcp://localhost:1", "@sluice/transport-socket"],
  tls: ["tls://localhost:1", "@sluice/transport-socket"],
  stdio: ["stdio:", "@sluice/transport-socket"],
  memory: ["memory:a", "@sluice/transport-memory"],
  ws: ["ws://localhost/", "@sluice/transport-websocket"],
  wss: ["wss://localhost/", "@sluice/transport-websocket"],
  http: ["http://localhost/", "@sluice/transport-http"],
  https: ["https://localhost/", "@sluice/transport-http"],
  nats: ["nats://localhost:1", "@sluice/transport-nats"],
};

describe("a scheme that nobody registered", () => {
  test.each(addressSchemes)("%s is loaded from its package", async (scheme) => {
    const [url, name] = examples[scheme];
    const module = noting();
    const load = async (wanted: string): Promise<unknown> => (wanted === name ? module : undefined);
    expect(await transportTo(url, load)).toBe(transport);
    expect(await listenerAt(url, load)).toBe(listener);
    expect(module.asked.map((address) => address.scheme)).toEqual([scheme, scheme]);
  });

  test("whose package is not there is UNIMPLEMENTED, and says what to do", async () => {
    const cause = new Error("Cannot find package");
    const load = () => Promise.reject(cause);
    for (const find of [transportTo, listenerAt]) {
      const refusal = expect.objectContaining({ code: "UNIMPLEMENTED", processed: "no", cause });
      await expect(find("nats://localhost:1", load)).rejects.toEqual(refusal);
      await expect(find("nats://localhost:1", load)).rejects.toThrow("npm install @sluice/transport-nats");
    }
  });

  test("whose package cannot do it is UNIMPLEMENTED", async () => {
    const load = () => Promise.resolve({});
    const refusal = expect.objectContaining({ code: "UNIMPLEMENTED", processed: "no" });
    await expect(transportTo("stdio:", load)).rejects.toEqual(refusal);
    await expect(transportTo("stdio:", load)).rejects.toThrow("Cannot connect to stdio:");
    await expect(listenerAt("stdio:", load)).rejects.toThrow("Cannot listen at stdio:");
  });
});

test("a bad address rejects before anything is loaded", async () => {
  const load = () => expect.unreachable();
  const refusal = expect.objectContaining({ code: "INVALID_ARGUMENT" });
  await expect(transportTo("ftp://host", load)).rejects.toEqual(refusal);
  await expect(listenerAt("tcp://host", load)).rejects.toEqual(refusal);
});

test("a registered module is used instead of a package, the last one of a scheme", async () => {
  const [first, second] = [noting(), noting()];
  const load = () => expect.unreachable();
  register("wss", first);
  register("wss", second);
  expect(await transportTo("wss://localhost/a", load)).toBe(transport);
  expect(first.asked).toEqual([]);
  expect(second.asked).toEqual([{ scheme: "wss", url: "wss://localhost/a" }]);
});
