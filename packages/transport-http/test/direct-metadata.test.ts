/** What a direct call says beside its param: metadata, and the event behind which a stream goes on. */
import type { ProtocolDefinition } from "@sluice/protocol";
import { FakeClock } from "@sluice/protocol/testing";
import { Server } from "@sluice/server";
import { describe, expect, onTestFinished, test } from "vitest";
import { eventIdOf } from "../src/direct-metadata.ts";
import { listenHttp } from "../src/node.ts";

const protocol = {
  said: { type: "request", idempotent: true, result: true },
  noted: { type: "event" },
  count: {
    type: "stream",
    param: { type: "integer" },
    receive: { type: "object", properties: { n: { type: "integer" } }, required: ["n"] },
    cursor: "n",
  },
  names: {
    type: "stream",
    receive: {
      type: "object",
      properties: { name: { type: "string" }, note: { type: "string" } },
      required: ["name"],
    },
    cursor: "name",
  },
  plain: { type: "stream", receive: { type: "integer" } },
} as const satisfies ProtocolDefinition;

const names = ["a", 'q"uote', "l\ni\rn\u2028e", "é€😀", "id: 3"];

async function world() {
  const noted: unknown[] = [];
  let ran = 0;
  const server = new Server({
    protocol,
    public: true,
    handlers: {
      said: ({ metadata }) => {
        ran++;
        return metadata;
      },
      noted: ({ metadata }) => void noted.push(metadata),
      async *count({ param, cursor = 0 }) {
        ran++;
        for (let n = cursor + 1; n <= param; n++) yield { n };
      },
      async *names({ cursor }) {
        ran++;
        for (const name of names.slice(cursor === undefined ? 0 : names.indexOf(cursor) + 1)) yield { name };
      },
      async *plain() {
        ran++;
        yield 1;
      },
    },
  });
  onTestFinished(() => server.dispose());
  // Its clock stands: however late a refusal comes, it has a status.
  const [url = ""] = await server.listen(listenHttp({ port: 0, clock: new FakeClock() }));
  const post = (path: string, headers: Record<string, string> = {}, body = ""): Promise<Response> =>
    fetch(new URL(path, url), {
      method: "POST",
      body,
      headers: { "content-type": "application/json", ...headers },
    });
  return { url, post, noted, ran: () => ran };
}

describe("Sluice-Metadata", () => {
  test("reaches the handler of a request, by GET too, of an event and of a stream", async () => {
    const { url, post, noted } = await world();
    const headers = { "sluice-metadata": '{"trace":"t-1","who":"\\u00e9"}' };
    const said = { trace: "t-1", who: "é" };
    expect(await (await post("said", headers)).json()).toEqual(said);
    expect(await (await fetch(new URL("said", url), { headers })).json()).toEqual(said);
    expect((await post("noted", headers)).status).toBe(202);
    expect(noted).toEqual([said]);
    expect((await post("count", headers, "1")).status).toBe(200);
  });

  test("is none without the header, and may be empty", async () => {
    const { post } = await world();
    expect(await (await post("said")).json()).toEqual({});
    expect(await (await post("said", { "sluice-metadata": "{}" })).json()).toEqual({});
  });

  test("keeps names that mean something elsewhere", async () => {
    const { post } = await world();
    const text = '{"__proto__":"a","constructor":"b"}';
    expect(await (await post("said", { "sluice-metadata": text })).text()).toBe(text);
  });

  test.each([
    ["", 400],
    ["trace=1", 400],
    ["[]", 400],
    ["null", 400],
    ['"text"', 400],
    ['{"n":1}', 400],
    ['{"n":{"m":"x"}}', 400],
    ['{"a":"1"},{"b":"2"}', 400],
    ['{"a":"é"}', 400],
    ['{"$cursor":"3"}', 400],
    ['{"$anything":"3"}', 400],
    [JSON.stringify({ long: "x".repeat(8_192) }), 429],
    [JSON.stringify(Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`n${at}`, ""]))), 429],
  ])("that is %s is refused before a handler runs", async (value, status) => {
    const { post, ran } = await world();
    const response = await post("said", { "sluice-metadata": value });
    expect([response.status, await response.json()]).toMatchObject([status, { processed: "no" }]);
    expect(ran()).toBe(0);
  });
});

describe("a stream with a cursor", () => {
  test("gives each event its item's cursor as id, and goes on behind Last-Event-ID", async () => {
    const { post } = await world();
    expect(await (await post("count", {}, "3")).text()).toBe(
      'id: 1\ndata: {"n":1}\n\nid: 2\ndata: {"n":2}\n\nid: 3\ndata: {"n":3}\n\nevent: result\ndata:\n\n',
    );
    expect(await (await post("count", { "last-event-id": "2" }, "3")).text()).toBe(
      'id: 3\ndata: {"n":3}\n\nevent: result\ndata:\n\n',
    );
    expect(await (await post("count", { "last-event-id": "" }, "1")).text()).toContain("id: 1\n");
  });

  test("H5 has ids that are one line of ASCII, whatever the cursor is, and that come back as it", async () => {
    const { post } = await world();
    const body = await (await post("names")).text();
    const ids = body.split("\n").filter((line) => line.startsWith("id: "));
    expect(ids.length).toBe(names.length);
    expect(body.split("\n\n").length).toBe(names.length + 2);
    for (const [at, line] of ids.entries()) {
      expect(line).toMatch(/^[\x20-\x7e]+$/);
      const rest = await (await post("names", { "last-event-id": line.slice(4) })).text();
      expect(rest.split("\n\n").length).toBe(names.length - at + 1);
    }
  });

  test.each(["x", "1.5", '"1"', "null", "[1]", "1 2", "1e400", "{}"])(
    "H6 refuses to go on behind %s, which is no cursor of its",
    async (id) => {
      const { post, ran } = await world();
      const response = await post("count", { "last-event-id": id }, "3");
      expect([response.status, await response.json()]).toMatchObject([
        400,
        { code: "INVALID_ARGUMENT", processed: "no" },
      ]);
      expect(ran()).toBe(0);
    },
  );

  test("H6 refuses an id that is longer than metadata may be", async () => {
    const { post, ran } = await world();
    const response = await post("names", { "last-event-id": JSON.stringify("x".repeat(10_000)) });
    expect([response.status, ran()]).toEqual([429, 0]);
  });

  test("takes metadata beside its cursor", async () => {
    const { post } = await world();
    const headers = { "last-event-id": "2", "sluice-metadata": '{"a":"b"}' };
    expect(await (await post("count", headers, "3")).text()).toContain(
      'id: 3\ndata: {"n":3}\n\nevent: result',
    );
  });
});

test.each(["plain", "said", "noted"])(
  "%s, without a cursor, is not begun again behind an event",
  async (name) => {
    const { post, ran } = await world();
    const response = await post(name, { "last-event-id": "1" });
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { code: "INVALID_ARGUMENT", processed: "no" },
    ]);
    expect(ran()).toBe(0);
  },
);

test("an item that does not say where it stands has no id", () => {
  expect(eventIdOf('{"m":1}', "n")).toBeUndefined();
  expect(eventIdOf("[1]", "constructor")).toBeUndefined();
  expect(eventIdOf("null", "n")).toBeUndefined();
  expect(eventIdOf(undefined, "n")).toBeUndefined();
  expect(eventIdOf('{"n":null}', "n")).toBe("null");
});
