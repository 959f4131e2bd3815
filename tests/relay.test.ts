/** A client and a server with relays between them: what passes, whose calls they are, and what relays hold of them. */
import { once } from "node:events";
import { createConnection, createServer, type Socket } from "node:net";
import { encodeRaw, rawFrames, rawType, readRawError } from "@sluice/protocol/testing";
import { connectRaw, countingProxy } from "@sluice/protocol/testing/node";
import { describe, expect, test } from "vitest";
import { inRelayWorld, type ListeningRelay } from "./relay-world.ts";
import { aborted, gate, standsStill, until } from "./world.ts";

describe.each([1, 3])("through %i relays in a row", (count) => {
  /** Names of relays, the nearest to the client last. */
  const names = Array.from({ length: count }, (_, at) => `relay-${at}`);
  const nearest = `relay-${count - 1}`;

  test("RL-1 calls of every kind, both ways, end as they do without", () =>
    inRelayWorld(
      {
        handlers: {
          async "plain/any"({ client }) {
            return client.request("math/add", { param: { a: 40, b: 2 } });
          },
        },
      },
      async ({ relay, connect }) => {
        const relays: ListeningRelay[] = [];
        for (const [at, name] of names.entries()) relays.push(await relay(name, names[at - 1]));
        const client = connect([nearest], { handlers: { "math/add": ({ param }) => param.a + param.b } });
        expect(await client.request("math/multiply", { param: [6, 7] })).toBe(42);
        expect(await client.request("plain/any")).toBe(42);
        const order = client.request("shop/order", { param: { item: "pen", count: 9 } });
        await expect(order).rejects.toMatchObject({ code: "NO_STOCK", data: { left: 3 }, origin: "remote" });
        const upload = client.channel("files/upload");
        const writer = upload.writable.getWriter();
        for (let chunk = 0; chunk < 20; chunk++) await writer.write(new Uint8Array(100_000));
        await writer.close();
        expect(await upload).toBe(2_000_000);
        const poured = client.stream("bytes/pour", { param: { size: 50_000, count: 40 } });
        let bytes = 0;
        for await (const chunk of poured) bytes += chunk.length;
        expect([bytes, await poured]).toEqual([2_000_000, 40]);
        await client.event("mouse/clicked", { data: { x: 1, y: 2 } });
        expect(await client.ping()).toBeGreaterThan(0);
        // Ends are confirmed together, within 50 ms: then no relay knows of a call.
        await until(() => relays.every((one) => one.relay.openCalls === 0), "no call is left at a relay");
        expect(relays.map((one) => one.relay.connections)).toEqual(relays.map(() => 1));
      },
    ));

  test("CA-13 a cancel reaches the handler, and so does the end of a client", () => {
    const reasons: unknown[] = [];
    return inRelayWorld(
      {
        handlers: {
          async "plain/any"({ signal }) {
            reasons.push(await aborted(signal));
          },
        },
      },
      async ({ server, relay, connect }) => {
        for (const [at, name] of names.entries()) await relay(name, names[at - 1]);
        const client = connect([nearest]);
        const controller = new AbortController();
        const call = client.request("plain/any", { signal: controller.signal });
        await until(() => server.connections[0]?.runningHandlers === 1);
        controller.abort();
        await expect(call).rejects.toMatchObject({ code: "CANCELLED" });
        await until(() => reasons.length === 1);
        client.request("plain/any").catch(() => {});
        await until(() => server.connections[0]?.runningHandlers === 1);
        await client.dispose();
        await until(() => reasons.length === 2);
        expect(reasons[0]).toBe("cancelled");
      },
    );
  });

  test("X37 a deadline holds at both ends", () => {
    const seen: unknown[] = [];
    return inRelayWorld(
      {
        handlers: {
          async "plain/any"({ deadline, signal }) {
            seen.push(deadline !== undefined && deadline > 0 && deadline <= 500, await aborted(signal));
          },
        },
      },
      async ({ relay, connect }) => {
        for (const [at, name] of names.entries()) await relay(name, names[at - 1]);
        const client = connect([nearest]);
        await client.ready;
        const call = client.request("plain/any", { timeout: 500 });
        await expect(call).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
        await until(() => seen.length === 2);
        expect(seen).toEqual([true, "deadline"]);
      },
    );
  });

  test("a server that drains is heard, and what runs ends well", () => {
    const going = gate();
    return inRelayWorld(
      {
        handlers: {
          async "plain/any"({ param }) {
            await going.promise;
            return param;
          },
        },
      },
      async ({ server, relay, connect }) => {
        for (const [at, name] of names.entries()) await relay(name, names[at - 1]);
        const client = connect([nearest], { reconnect: false });
        const call = client.request("plain/any", { param: "last" });
        await until(() => server.connections[0]?.runningHandlers === 1);
        const draining = server.drain();
        await until(() => client.status === "draining", "the client has heard of the drain");
        going.open();
        expect(await call).toBe("last");
        await draining;
        await until(() => client.status === "closed");
      },
    );
  });

  test.each([
    [2_048, 65_536],
    [65_536, 2_048],
  ])("FC-12 windows of %i and %i bytes at the two ends work", (near, far) =>
    inRelayWorld({ server: { limits: { window: far } } }, async ({ relay, connect }) => {
      for (const [at, name] of names.entries()) await relay(name, names[at - 1]);
      const client = connect([nearest], { limits: { window: near } });
      const text = "y".repeat(9_000);
      const channel = client.channel("chat/join", { param: { room: text } });
      const writing = (async () => {
        const writer = channel.writable.getWriter();
        for (let n = 0; n < 100; n++) await writer.write({ text });
        await writer.close();
      })();
      let items = 0;
      for await (const item of channel.readable) {
        expect(item).toEqual({ from: text, text });
        items++;
      }
      await writing;
      expect([items, await channel]).toEqual([100, { heard: 100 }]);
    }),
  );

  test("R4 readers that stop hold up their writers, and no relay keeps a byte", () =>
    inRelayWorld({}, async ({ path, relay, connect }) => {
      const proxies = [await countingProxy(`unix:${path("proxy-server")}`, `unix:${path("server")}`)];
      for (const [at, name] of names.entries()) {
        await relay(name, at === 0 ? "proxy-server" : `proxy-${names[at - 1]}`);
        proxies.push(await countingProxy(`unix:${path(`proxy-${name}`)}`, `unix:${path(name)}`));
      }
      const client = connect([`proxy-${nearest}`]);
      const streams = Array.from({ length: 64 }, () =>
        client.stream("bytes/pour", { param: { size: 1_000, count: 200 } }),
      );
      // It opens when it is read from.
      const readers = streams.map((stream) => stream.readable.getReader());
      await Promise.all(readers.map((reader) => reader.read()));
      const passed = (): number => proxies.reduce((sum, { bytes }) => sum + bytes.down, 0);
      await until(() => proxies.every(({ bytes }) => bytes.down === proxies[0]?.bytes.down));
      await standsStill(passed);
      const down = proxies.map(({ bytes }) => bytes.down);
      // What the server has sent is with the client, to the byte: not one of the relays has any of it.
      expect(down).toEqual(down.map(() => down[0]));
      expect(down[0]).toBeLessThan(8 * 1_024 * 1_024);
      for (const reader of readers) {
        let items = 1;
        while (!(await reader.read()).done) items++;
        expect(items).toBe(200);
      }
      expect(await Promise.all(streams)).toEqual(streams.map(() => 200));
      await client.dispose();
      for (const proxy of proxies) await proxy.close();
    }));

  test("R4 a socket that nobody reads stops the sender: relays hold what fits their sockets, without any credit", () =>
    inRelayWorld({}, async ({ path, relay }) => {
      const sink = createServer({ pauseOnConnect: true });
      const taken = once(sink, "connection") as Promise<[Socket]>;
      sink.listen(path("sink"));
      await once(sink, "listening");
      for (const [at, name] of names.entries()) await relay(name, names[at - 1] ?? "sink");
      const sender = createConnection(path(nearest));
      const [receiver] = await taken;
      // 64 MiB of frames that no peer would accept: nothing but the sockets holds them up.
      const frame = encodeRaw(rawFrames.data(1, { payload: new Uint8Array(32_768) }));
      const frames = 2_048;
      let sent = 0;
      const send = (): void => {
        if (sent === frames) return;
        // Told when the system has taken it.
        sender.write(frame, () => {
          sent++;
          send();
        });
      };
      send();
      const held = frame.length * (await standsStill(() => sent));
      // The system holds some 200 KiB for each pair of sockets, a relay what it has read at once.
      expect(held).toBeLessThan((count + 1) * 512 * 1_024);
      let received = 0;
      receiver.on("data", (chunk: Buffer) => {
        received += chunk.length;
      });
      receiver.resume();
      await until(() => received === frames * frame.length, "all of it has come");
      sender.destroy();
      await once(receiver, "close");
      sink.close();
    }));
});

describe("a relay", () => {
  test("RL-8 passes calls under no key but their originator's", () =>
    inRelayWorld({}, async ({ path, relay }) => {
      await relay("relay");
      const peer = await connectRaw(`unix:${path("relay")}`, { epoch: "00000000000000c7" });
      await peer.shakeHands();
      expect(await peer.request("math/multiply", [2, 3])).toEqual({ result: 6 });
      for (const resume of [undefined, { received: 0, limit: 1_024 }]) {
        const call = peer.open("plain/ping", {
          origin: "00000000000000c8",
          ...(resume === undefined ? {} : { resume }),
        });
        const refusal = readRawError(await peer.next(rawType.ERROR, call)).json;
        expect(refusal).toMatchObject({ code: "PERMISSION_DENIED", processed: "no" });
      }
      peer.end();
      await peer.closed();
    }));

  test("RL-8 lets nobody but its identity find a session, over whichever relay", () => {
    const going = gate();
    let runs = 0;
    return inRelayWorld(
      {
        server: { authenticate: (credentials) => ({ name: String(credentials) }) },
        handlers: {
          async "plain/any"() {
            runs++;
            await going.promise;
            return "for ann";
          },
        },
      },
      async ({ path, relay }) => {
        const [first] = [await relay("one"), await relay("other")];
        const epoch = "00000000000000c7";
        const ann = await connectRaw(`unix:${path("one")}`, { epoch });
        const { session } = await ann.shakeHands({ credentials: "ann", session: {} });
        const { id, secret } = session as { id: string; secret: string };
        ann.open("plain/any", { number: 1 });
        await until(() => runs === 1);
        await first.close();
        await ann.closed();

        const claim = { id, secret, attempt: 1 };
        const bob = await connectRaw(`unix:${path("other")}`, { epoch });
        const { session: bobs } = await bob.shakeHands({ credentials: "bob", session: claim });
        expect((bobs as { id: string }).id).not.toBe(id);
        // The same key in another session is another call, which was never opened.
        const stolen = bob.open("plain/any", { number: 1, resume: { received: 0, limit: 65_536 } });
        expect(readRawError(await bob.next(rawType.ERROR, stolen)).json).toMatchObject({
          code: "UNAVAILABLE",
        });

        const again = await connectRaw(`unix:${path("other")}`, { epoch });
        const { session: anns } = await again.shakeHands({ credentials: "ann", session: claim });
        expect((anns as { id: string }).id).toBe(id);
        const call = again.open("plain/any", { number: 1, resume: { received: 0, limit: 65_536 } });
        going.open();
        await again.next(rawType.RESULT, call);
        expect(runs).toBe(1);
        for (const peer of [bob, again]) {
          peer.end();
          await peer.closed();
        }
      },
    );
  });

  test("R6 lends nobody its rights: who calls is who shows credentials", () =>
    inRelayWorld(
      {
        server: {
          authenticate: (credentials) => ({ name: String(credentials) }),
          access: { "plain/any": ({ identity }) => (identity as { name: string }).name === "root" },
        },
      },
      async ({ server, relay, connect }) => {
        await relay("relay");
        const root = connect(["relay"], { credentials: "root" });
        const ann = connect(["relay"], { credentials: "ann" });
        expect(await root.request("plain/any", { param: 1 })).toBe(1);
        await expect(ann.request("plain/any", { param: 1 })).rejects.toMatchObject({
          code: "PERMISSION_DENIED",
          processed: "no",
        });
        const names = server.connections.map(({ identity }) => (identity as { name: string }).name);
        expect(names.sort()).toEqual(["ann", "root"]);
      },
    ));

  test("says UNAVAILABLE while its server is away, and the client waits until it is there", () =>
    inRelayWorld({}, async ({ path, relay, connect }) => {
      await relay("near", "far");
      const client = connect(["near"]);
      const call = client.request("math/add", { param: { a: 1, b: 2 } });
      const peer = await connectRaw(`unix:${path("near")}`);
      expect(await peer.closing()).toMatchObject({ code: "UNAVAILABLE" });
      await relay("far");
      expect(await call).toBe(3);
    }));
});
