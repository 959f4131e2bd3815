/** Memory transports by name. */
import { type Link, parseAddress } from "@sluice/protocol/wire";
import { listenerFromAddress, transportFromAddress } from "@sluice/transport-memory";
import { expect, test } from "vitest";

test("a name connects to whoever listens under it", async () => {
  const links: Link[] = [];
  const listener = listenerFromAddress(parseAddress("memory:shop"));
  expect(await listener.listen((link) => links.push(link))).toBe("memory:shop");
  const transport = transportFromAddress(parseAddress("memory:shop"));
  const link = await transport.connect();
  expect([transport.name, links.length]).toEqual(["memory", 1]);
  link.destroy();

  const other = listenerFromAddress(parseAddress("memory:shop"));
  await expect(other.listen(() => {})).rejects.toMatchObject({ code: "ALREADY_EXISTS", processed: "no" });
  await other.close();
  await listener.close();
  await expect(transport.connect()).rejects.toMatchObject({ code: "UNAVAILABLE", processed: "no" });
  await transport.dispose();

  const next = listenerFromAddress(parseAddress("memory:shop"));
  await next.listen((late) => links.push(late));
  (await transport.connect()).destroy();
  expect(links.length).toBe(2);
  await next.close();
});

test("an address of another kind is refused", () => {
  for (const make of [listenerFromAddress, transportFromAddress]) {
    expect(() => make(parseAddress("tcp://127.0.0.1:1"))).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  }
});
