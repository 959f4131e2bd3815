/** What HELLO and WELCOME say, field by field. Spec: docs/wire.md §3.1. */
import { describe, expect, it } from "vitest";
import type { Codec } from "../../src/codec/codec.ts";
import { jsonCodec } from "../../src/codec/json-codec.ts";
import { msgpackCodec } from "../../src/codec/msgpack-codec.ts";
import { resolveLimits } from "../../src/limits.ts";
import {
  chooseCodec,
  makeHello,
  makeWelcome,
  newPeer,
  readHello,
  readWelcome,
  versionRefusal,
} from "../../src/session/handshake.ts";

const local = { name: "client", epoch: "0123456789abcdef" };
const limits = resolveLimits();
const protocolError = expect.objectContaining({ code: "PROTOCOL_ERROR" });

/** As it crosses the wire. */
function overJson(body: Record<string, unknown>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(body)) as Record<string, unknown>;
}

function hello(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    ...overJson(makeHello(local, limits, 2048, [jsonCodec, msgpackCodec], { token: "t" })),
    ...changes,
  };
}

function welcome(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return { ...overJson(makeWelcome(local, limits, 2048, "json", { region: "eu" })), ...changes };
}

describe("HELLO", () => {
  it("has the members of the page, and no others", () => {
    expect(hello()).toEqual({
      versions: [1],
      codecs: ["json", "msgpack"],
      peer: "client",
      epoch: "0123456789abcdef",
      limits: {
        maxMessage: 4_194_304,
        maxMetadata: 8192,
        maxName: 255,
        maxCalls: 1024,
        maxConcurrentHandlers: 256,
        maxDeadline: 86_400_000,
      },
      window: 65_536,
      floor: 2048,
      heartbeat: 15_000,
      credentials: { token: "t" },
    });
  });

  it("without credentials says nothing of them, with null it says null", () => {
    expect(Object.keys(makeHello(local, limits, 2048, [jsonCodec], undefined))).not.toContain("credentials");
    expect(makeHello(local, limits, 2048, [jsonCodec], null)).toMatchObject({ credentials: null });
  });

  it("is read as it was made", () => {
    expect(readHello(hello({ metadata: { app: "demo" } }))).toEqual({
      versions: [1],
      codecs: ["json", "msgpack"],
      credentials: { token: "t" },
      peer: {
        name: "client",
        epoch: "0123456789abcdef",
        heartbeat: 15_000,
        about: { app: "demo" },
        limits: {
          maxMessage: 4_194_304,
          maxMetadata: 8192,
          maxName: 255,
          maxCalls: 1024,
          maxConcurrentHandlers: 256,
          maxDeadline: 86_400_000,
          window: 65_536,
          floor: 2048,
        },
      },
    });
  });

  it("allows no param above 65,536 bytes, however large the windows are", () => {
    const large = resolveLimits({ limits: { window: 1_048_576 } });
    expect(makeHello(local, large, 2048, [jsonCodec], undefined)).toMatchObject({ window: 65_536 });
  });

  it("members that nobody knows are ignored", () => {
    expect(readHello(hello({ tomorrow: { x: 1 } })).peer.name).toBe("client");
    expect(readHello(hello({ limits: { ...(hello().limits as object), tomorrow: 1 } })).peer.name).toBe(
      "client",
    );
  });

  it("may offer versions and codecs that this peer does not know", () => {
    expect(readHello(hello({ versions: [7, 1], codecs: ["cbor"] }))).toMatchObject({
      versions: [7, 1],
      codecs: ["cbor"],
    });
  });

  const malformedHellos: Record<string, unknown>[] = [
    { versions: undefined },
    { versions: "1" },
    { versions: ["1"] },
    { versions: [1.5] },
    { versions: [1, "2"] },
    { versions: { 0: 1 } },
    { codecs: undefined },
    { codecs: "json" },
    { codecs: [1] },
    { codecs: ["json", 1] },
    { codecs: null },
  ];
  it.each(malformedHellos)("%j is PROTOCOL_ERROR", (changes) => {
    expect(() => readHello(hello(changes))).toThrow(protocolError);
  });

  it("REL-F9 of 10,000 capabilities is read in no time", () => {
    const codecs = Array.from({ length: 10_000 }, (_, at) => `codec-${at}`);
    expect(readHello(hello({ codecs })).codecs).toHaveLength(10_000);
    expect(() => chooseCodec(codecs, [jsonCodec])).toThrow(
      expect.objectContaining({ code: "FAILED_PRECONDITION" }),
    );
  });
});

describe("WELCOME", () => {
  it("has the members of the page, and no others", () => {
    expect(welcome()).toEqual({
      version: 1,
      codec: "json",
      peer: "client",
      epoch: "0123456789abcdef",
      limits: (hello() as { limits: unknown }).limits,
      window: 65_536,
      floor: 2048,
      heartbeat: 15_000,
      server: { region: "eu" },
    });
    expect(Object.keys(makeWelcome(local, limits, 2048, "json"))).not.toContain("server");
  });

  it("is read as it was made", () => {
    expect(readWelcome(welcome())).toMatchObject({
      version: 1,
      codec: "json",
      peer: { name: "client", epoch: "0123456789abcdef", about: { region: "eu" } },
    });
  });

  const malformedWelcomes: Record<string, unknown>[] = [
    { version: undefined },
    { version: 2 },
    { version: "1" },
    { version: 0 },
    { codec: undefined },
    { codec: 1 },
    { codec: ["json"] },
  ];
  it.each(malformedWelcomes)("%j is PROTOCOL_ERROR", (changes) => {
    expect(() => readWelcome(welcome(changes))).toThrow(protocolError);
  });
});

/** What both say of their sender; each must be refused in both. */
const malformedPeers: Record<string, unknown>[] = [
  { peer: undefined },
  { peer: 7 },
  { peer: "x".repeat(257) },
  { peer: "é".repeat(129) },
  { epoch: undefined },
  { epoch: "0123456789abcde" },
  { epoch: "0123456789abcdef0" },
  { epoch: "0123456789ABCDEF" },
  { epoch: "0123456789abcdeg" },
  { epoch: 0x0123 },
  { limits: undefined },
  { limits: null },
  { limits: 5 },
  { limits: {} },
  { window: undefined },
  { window: 1023 },
  { window: 65_537 },
  { window: 2000.5 },
  { window: "2000" },
  { floor: undefined },
  { floor: 1023 },
  { floor: 8193 },
  { floor: null },
  { heartbeat: 0 },
  { heartbeat: -1 },
  { heartbeat: 0.5 },
  { heartbeat: Number.NaN },
  { heartbeat: Number.POSITIVE_INFINITY },
  { heartbeat: 2 ** 32 },
  { heartbeat: "15000" },
  { heartbeat: null },
];
const malformedLimits: Record<string, unknown>[] = [
  { maxMessage: undefined },
  { maxMessage: 0 },
  { maxMessage: -1 },
  { maxMessage: 1.5 },
  { maxMessage: 2 ** 32 },
  { maxMessage: "4096" },
  { maxMetadata: undefined },
  { maxMetadata: -1 },
  { maxMetadata: 65_536 },
  { maxName: undefined },
  { maxName: 0 },
  { maxName: 256 },
  { maxCalls: undefined },
  { maxCalls: 0 },
  { maxCalls: null },
  { maxConcurrentHandlers: undefined },
  { maxConcurrentHandlers: 0 },
  { maxConcurrentHandlers: Number.MAX_VALUE },
  { maxDeadline: undefined },
  { maxDeadline: 0 },
  { maxDeadline: 2 ** 32 },
];

describe.each([
  { name: "HELLO", make: hello, read: readHello },
  { name: "WELCOME", make: welcome, read: readWelcome },
])("what $name says of its peer", ({ make, read }) => {
  it.each(malformedPeers)("%j is PROTOCOL_ERROR", (changes) => {
    expect(() => read(make(changes))).toThrow(protocolError);
  });

  it.each(malformedLimits)("limits %j is PROTOCOL_ERROR", (changes) => {
    expect(() => read(make({ limits: { ...(make().limits as object), ...changes } }))).toThrow(protocolError);
  });

  it("may be without a heartbeat, or with one of any length from 1 ms on", () => {
    for (const heartbeat of [undefined, 1, 2 ** 32 - 1]) {
      expect(read(make({ heartbeat })).peer.heartbeat).toBe(heartbeat);
    }
  });

  it("may be a name of 256 bytes, or of none", () => {
    expect(read(make({ peer: "x".repeat(256) })).peer.name).toHaveLength(256);
    expect(read(make({ peer: "" })).peer.name).toBe("");
  });

  it("at its smallest and largest is accepted", () => {
    const smallest = {
      maxMessage: 1,
      maxMetadata: 0,
      maxName: 1,
      maxCalls: 1,
      maxConcurrentHandlers: 1,
      maxDeadline: 1,
    };
    expect(read(make({ limits: smallest, window: 1024, floor: 1024 })).peer.limits).toMatchObject(smallest);
    const largest = { maxMessage: 2 ** 32 - 1, maxMetadata: 65_535, maxName: 255, maxDeadline: 2 ** 32 - 1 };
    const limitsOf = { ...smallest, ...largest };
    expect(read(make({ limits: limitsOf, window: 65_536, floor: 8192 })).peer.limits).toMatchObject(largest);
  });

  it.each([undefined, null, "x", 5, []])("metadata %j is none", (about) => {
    expect(read(make({ metadata: about, server: about })).peer.about).toEqual({});
  });

  it("of its metadata only texts are kept, 64 of them, and none reaches a prototype", () => {
    const odd = JSON.parse('{"__proto__": "x", "a": "1", "b": 2, "constructor": "c"}') as object;
    const { about } = read(make({ metadata: odd, server: odd })).peer;
    expect(Object.entries(about)).toEqual([
      ["a", "1"],
      ["constructor", "c"],
    ]);
    expect(Object.getPrototypeOf(about)).toBe(Object.prototype);
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`m${at}`, "x"]));
    expect(Object.keys(read(make({ metadata: many, server: many })).peer.about)).toHaveLength(64);
  });
});

const token = "t".repeat(128);

describe("the session that a HELLO asks for", () => {
  const claim = { id: "s1", secret: "secret", attempt: 3 };
  const asked = (session?: Parameters<typeof makeHello>[5]): Record<string, unknown> =>
    overJson(makeHello(local, limits, 2048, [jsonCodec], undefined, session));

  it("is said as the page has it: none, a new one, or that one", () => {
    expect(Object.keys(asked())).not.toContain("session");
    expect(asked("wanted").session).toEqual({});
    expect(asked(claim).session).toEqual(claim);
  });

  it.each([[undefined], ["wanted" as const], [claim], [{ id: token, secret: token, attempt: 0 }]])(
    "%j is read as it was made",
    (session) => {
      expect(readHello(asked(session)).session).toEqual(session);
    },
  );

  it("is none where it is null, and a new one without an id, whatever else it says", () => {
    expect(readHello(hello({ session: null })).session).toBeUndefined();
    expect(readHello(hello({ session: { secret: "secret", attempt: 3 } })).session).toBe("wanted");
  });

  const largest = { ...claim, attempt: Number.MAX_SAFE_INTEGER };
  it("may count as many attempts as numbers can", () => {
    expect(readHello(hello({ session: largest })).session).toEqual(largest);
  });

  it.each<Record<string, unknown>>([
    { id: "" },
    { id: null },
    { id: 7 },
    { id: `${token}t` },
    { id: ["s1"] },
    { secret: undefined },
    { secret: "" },
    { secret: `${token}t` },
    { secret: 7 },
    { attempt: undefined },
    { attempt: -1 },
    { attempt: 1.5 },
    { attempt: "3" },
    { attempt: 2 ** 53 },
  ])("with %j is PROTOCOL_ERROR", (changes) => {
    expect(() => readHello(hello({ session: { ...claim, ...changes } }))).toThrow(protocolError);
  });
});

describe("the session that a WELCOME gives", () => {
  const ticket = { id: "s1", secret: "secret", graceMs: 30_000 };
  const given = (session?: typeof ticket): Record<string, unknown> =>
    overJson(makeWelcome(local, limits, 2048, "json", undefined, session));

  it("is said as the page has it, or not at all", () => {
    expect(Object.keys(given())).not.toContain("session");
    expect(given(ticket).session).toEqual({ id: "s1", secret: "secret", grace: 30_000 });
  });

  it.each([
    [undefined],
    [ticket],
    [{ id: token, secret: token, graceMs: 0 }],
    [{ ...ticket, graceMs: 86_400_000 }],
  ])("%j is read as it was made", (session) => {
    expect(readWelcome(given(session)).session).toEqual(session);
  });

  it("is none where it is null", () => {
    expect(readWelcome(welcome({ session: null })).session).toBeUndefined();
  });

  it.each<Record<string, unknown>>([
    { id: undefined },
    { id: "" },
    { id: `${token}t` },
    { secret: undefined },
    { secret: "" },
    { secret: ["secret"] },
    { grace: undefined },
    { grace: null },
    { grace: -1 },
    { grace: 0.5 },
    { grace: 86_400_001 },
    { grace: "30000" },
  ])("with %j is PROTOCOL_ERROR", (changes) => {
    const session = { id: "s1", secret: "secret", grace: 30_000, ...changes };
    expect(() => readWelcome(welcome({ session }))).toThrow(protocolError);
  });
});

describe("a handshake's choices", () => {
  const cbor = { name: "cbor" } as Codec;

  it("the connector's best codec that the acceptor has", () => {
    expect(chooseCodec(["cbor", "msgpack", "json"], [jsonCodec, msgpackCodec])).toBe(msgpackCodec);
    expect(chooseCodec(["json"], [msgpackCodec, jsonCodec])).toBe(jsonCodec);
  });

  it("HS-3 without a codec in common is FAILED_PRECONDITION, which says what there is", () => {
    for (const names of [["msgpack"], [], ["__proto__"], ["constructor"]]) {
      expect(() => chooseCodec(names, [jsonCodec, cbor])).toThrow(
        expect.objectContaining({
          code: "FAILED_PRECONDITION",
          message: expect.stringContaining("json, cbor"),
        }),
      );
    }
  });

  it("HS-2 without version 1 is CLOSE{VERSION_UNSUPPORTED} with the versions that there are", () => {
    expect(versionRefusal(readHello(hello({ versions: [2, 1] })))).toBeUndefined();
    for (const versions of [[], [0], [2, 3]]) {
      expect(versionRefusal(readHello(hello({ versions })))).toMatchObject({
        code: "VERSION_UNSUPPORTED",
        versions: [1],
      });
    }
  });
});

describe("newPeer", () => {
  it("draws an epoch of 16 hex digits, another one each time", () => {
    const epochs = Array.from({ length: 50 }, () => newPeer("x").epoch);
    expect(new Set(epochs).size).toBe(50);
    for (const epoch of epochs) expect(epoch).toMatch(/^[0-9a-f]{16}$/);
  });

  it("refuses a name that no HELLO may carry", () => {
    expect(newPeer("é".repeat(128)).name).toHaveLength(128);
    for (const name of ["x".repeat(257), "é".repeat(129)]) expect(() => newPeer(name)).toThrow(RangeError);
  });
});
