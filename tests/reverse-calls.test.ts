/** Calls from the server to its client: only to what the client listed, with the same rules as the other way. */
import type { SluiceError } from "@sluice/protocol";
import { describe, expect, test } from "vitest";
import { matrix } from "./matrix.ts";
import { protocol } from "./protocol.ts";
import { aborted, gate, inWorld, until } from "./world.ts";

describe.each(matrix)("reverse calls over $name", (cell) => {
  test("a handler calls back who called it", () =>
    inWorld(
      cell,
      {
        client: { handlers: { "math/add": ({ param }) => param.a + param.b } },
        handlers: {
          "plain/any": async ({ client }) =>
            (await client.request("math/add", { param: { a: 40, b: 2 } })) as number,
        },
      },
      async ({ client }) => {
        expect(await client.request("plain/any")).toBe(42);
      },
    ));

  test("a server calls its clients by itself, in every kind", () => {
    const clicked: unknown[] = [];
    return inWorld(
      cell,
      {
        server: { clientProtocol: protocol },
        client: {
          handlers: {
            async *"numbers/count"({ param }) {
              for (let n = 1; n <= param.to; n++) yield { n };
              return { sent: param.to };
            },
            async "chat/join"({ readable, writable }) {
              const writer = writable.getWriter();
              let heard = 0;
              for await (const { text } of readable) {
                heard++;
                await writer.write({ from: "client", text });
              }
              return { heard };
            },
            "mouse/clicked": ({ data }) => void clicked.push(data),
          },
        },
      },
      async ({ client, server }) => {
        await client.ready;
        await until(() => server.connections.length === 1);
        const peer = server.connections[0]?.client;
        if (peer === undefined) throw new Error("nobody is connected");
        const stream = peer.stream("numbers/count", { param: { to: 2_000 } });
        let count = 0;
        for await (const _ of stream) count++;
        expect([count, await stream]).toEqual([2_000, { sent: 2_000 }]);
        const chat = peer.channel("chat/join", { param: { room: "r" } });
        await chat.send({ text: "hello" });
        await chat.writable.close();
        const heard: unknown[] = [];
        for await (const item of chat) heard.push(item);
        expect([heard, await chat]).toEqual([[{ from: "client", text: "hello" }], { heard: 1 }]);
        await peer.event("mouse/clicked", { data: { x: 3, y: 4 } });
        await until(() => clicked.length === 1);
        expect(clicked).toEqual([{ x: 3, y: 4 }]);
        const api = peer.service(protocol);
        expect(await api.numbers.count({ to: 1 }).drain()).toEqual({ sent: 1 });
      },
    );
  });

  test("what a client did not list is refused, prototypes too; a client that lists nothing serves nothing", () => {
    let ran = 0;
    return inWorld(
      cell,
      { client: { handlers: { "plain/ping": () => void ran++ } } },
      async ({ client, server, connect }) => {
        const bare = connect({ handlers: {} });
        await Promise.all([client.ready, bare.ready]);
        await until(() => server.connections.length === 2);
        const refused = { code: "UNIMPLEMENTED", processed: "no", origin: "remote" };
        for (const connection of server.connections) {
          for (const name of ["plain/any", "toString", "__proto__", "constructor", "$describe"]) {
            await expect(connection.client.request(name)).rejects.toMatchObject(refused);
          }
        }
        const outcomes = await Promise.all(
          server.connections.map(({ client: peer }) =>
            peer.request("plain/ping").then(
              () => "served",
              (reason: SluiceError) => reason.code,
            ),
          ),
        );
        expect(outcomes.sort()).toEqual(["UNIMPLEMENTED", "served"]);
        expect(ran).toBe(1);
      },
    );
  });

  test("params are checked by the client, whatever the server thinks", () =>
    inWorld(
      cell,
      { client: { handlers: { "math/add": ({ param }) => param.a + param.b } } },
      async ({ client, server }) => {
        await client.ready;
        await until(() => server.connections.length === 1);
        const call = server.connections[0]?.client.request("math/add", { param: { a: "x", b: -1 } });
        await expect(call).rejects.toMatchObject({ code: "INVALID_ARGUMENT", processed: "no" });
      },
    ));

  test("a call back ends with the call on whose behalf it was made", () => {
    const reasons: unknown[] = [];
    const asked = gate();
    return inWorld(
      cell,
      {
        client: {
          handlers: {
            async "plain/any"({ signal, deadline }) {
              expect(deadline).toBeLessThanOrEqual(500);
              asked.open();
              reasons.push(await aborted(signal));
            },
          },
        },
        handlers: { "math/add": async ({ client }) => (await client.request("plain/any")) as number },
      },
      async ({ client }) => {
        await client.ready;
        const call = client.request("math/add", { param: { a: 1, b: 1 }, timeout: 500 });
        const failed = expect(call).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
        await asked.promise;
        await failed;
        await until(() => reasons.length === 1);
      },
    );
  });

  test("a hundred calls each way at once are no deadlock", () =>
    inWorld(
      cell,
      {
        server: { limits: { maxConcurrentHandlers: 8 } },
        client: { limits: { maxConcurrentHandlers: 8 }, handlers: { "plain/any": ({ param }) => param } },
        handlers: { "plain/any": async ({ param, client }) => client.request("plain/any", { param }) },
      },
      async ({ client }) => {
        const calls = Array.from({ length: 100 }, (_, param) => client.request("plain/any", { param }));
        expect(await Promise.all(calls)).toEqual(calls.map((_, at) => at));
      },
    ));

  test("fail when the client is gone, and the handler goes on", () => {
    const outcomes: unknown[] = [];
    const asked = gate();
    return inWorld(
      cell,
      {
        client: {
          reconnect: false,
          handlers: {
            async "plain/any"({ signal }) {
              asked.open();
              await aborted(signal);
            },
          },
        },
        handlers: {
          async "plain/ping"({ client }) {
            outcomes.push(
              await client
                .request("plain/any")
                .catch((reason: SluiceError) => [reason.code, reason.processed]),
            );
            outcomes.push(
              await client
                .request("plain/any")
                .catch((reason: SluiceError) => [reason.code, reason.processed]),
            );
          },
        },
      },
      async ({ client, wire }) => {
        const call = client.request("plain/ping");
        const failed = expect(call).rejects.toMatchObject({ code: "UNAVAILABLE" });
        await asked.promise;
        wire.cut();
        await failed;
        await until(() => outcomes.length === 2);
        expect(outcomes).toEqual([
          ["UNAVAILABLE", "maybe"],
          ["UNAVAILABLE", "no"],
        ]);
      },
    );
  });
});
