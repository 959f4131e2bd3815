/** A session's name in the mouth of another peer: nothing goes on with who does not know its calls. Spec: docs/wire.md §3.1, §4.7. */
import { expect, it } from "vitest";
import { jsonCodec } from "../../src/codec/json-codec.ts";
import { resolveLimits } from "../../src/limits.ts";
import { acceptSession } from "../../src/session/accept-session.ts";
import { connectSession } from "../../src/session/connect-session.ts";
import type { SessionTicket } from "../../src/session/handshake.ts";
import { readHello } from "../../src/session/handshake.ts";
import { MemoryWire } from "./memory-wire.ts";
import { ResumingPair } from "./resuming-pair.ts";
import { connectorPeer } from "./session-pair.ts";

it("SE-6 X9 a peer of another epoch that claims to have the session is not believed: its calls are lost, and run nowhere else", async () => {
  const pair = await ResumingPair.make();
  const { end } = pair.connector.open({ procedure: "hold" });
  await pair.run();
  pair.cut();
  const wire = new MemoryWire("binary");
  pair.wire = wire;
  const limits = resolveLimits();
  const shared = { clock: pair.clock, codecs: [jsonCodec], limits };
  const accepting = acceptSession(wire.acceptor, {
    ...shared,
    local: { name: "acceptor", epoch: "aaaaaaaaaaaaaaaa" },
    authenticate: () => ({
      ticket: { id: "session", secret: "another", graceMs: limits.graceMs },
      serve: () => pair.restarted,
    }),
  });
  const session = pair.connector.session;
  const connecting = connectSession(wire.connector, {
    ...shared,
    local: connectorPeer,
    session: { session, ticket: session.ticket as SessionTicket, attempt: 1 },
    serve: () => pair.connector.handlers,
  });
  const outcomes = Promise.allSettled([accepting, connecting]);
  await pair.run();
  expect((await outcomes)[1]).toMatchObject({ status: "rejected", reason: { code: "UNAVAILABLE" } });
  expect(end.error).toMatchObject({ code: "UNAVAILABLE", processed: "maybe" });
  expect(pair.restarted.calls).toEqual([]);
});

it("what a peer says of itself sets no prototype", () => {
  const said = JSON.parse('{"__proto__": {"polluted": "yes"}, "region": "eu"}');
  const hello = {
    versions: [1],
    codecs: ["json"],
    peer: "client",
    epoch: "0123456789abcdef",
    limits: resolveLimits(),
    window: 65_536,
    floor: 2_048,
    metadata: said,
  };
  const { about } = readHello(JSON.parse(JSON.stringify(hello))).peer;
  expect(Object.getPrototypeOf(about)).toBe(Object.prototype);
  expect(about).toEqual({ region: "eu" });
});
