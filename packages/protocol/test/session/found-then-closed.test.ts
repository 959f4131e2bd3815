/** A session that ends between being found by a claim and the WELCOME that would say so. */
import { memoryTransport } from "@sluice/transport-memory";
import { expect, test } from "vitest";
import { jsonCodec } from "../../src/codec/json-codec.ts";
import { SluiceError } from "../../src/errors/sluice-error.ts";
import { resolveLimits } from "../../src/limits.ts";
import type { Link } from "../../src/link/link.ts";
import { acceptSession } from "../../src/session/accept-session.ts";
import { connectLink, type FormerSession } from "../../src/session/connect-session.ts";
import { newPeer } from "../../src/session/handshake.ts";
import { refuseCalls } from "../../src/session/refused-calls.ts";
import type { Session } from "../../src/session/session.ts";
import { FakeClock } from "../../src/testing/index.ts";

test("SE-4 a session that ends while its client is let back in is refused, and both ends know", async () => {
  const clock = new FakeClock();
  const hub = memoryTransport({ clock });
  const limits = resolveLimits();
  const [server, client] = [newPeer("server"), newPeer("client")];
  const ticket = { id: "1", secret: "s", graceMs: 30_000 };
  const links: Link[] = [];
  const outcomes: string[] = [];
  let kept: Session | undefined;
  hub.server.accept?.((link) => {
    links.push(link);
    const accepting = acceptSession(link, {
      local: server,
      limits,
      clock,
      codecs: [jsonCodec],
      authenticate: async () => {
        const found = kept;
        if (found === undefined) return { ticket, serve: () => ({ accept: refuse }) };
        queueMicrotask(() => found.close(new SluiceError("UNAVAILABLE", "closed meanwhile")));
        return { session: found, ticket, confirmed() {} };
      },
    });
    accepting.then(
      (session) => {
        kept = session;
        outcomes.push("accepted");
      },
      (error) => void outcomes.push(error.code),
    );
  });
  const run = async (): Promise<void> => {
    for (let round = 0; round < 8; round++) await clock.advance(0);
  };
  const connect = async (session: "wanted" | FormerSession): Promise<Session> => {
    const link = await hub.client.connect();
    const peerCalls = () => refuseCalls;
    return connectLink(link, { local: client, limits, clock, codecs: [jsonCodec], session, peerCalls });
  };
  const first = connect("wanted");
  await run();
  const session = await first;
  links[0]?.destroy();
  await run();
  expect(session.isDetached).toBe(true);
  const former = { session, ticket: session.ticket ?? ticket, attempt: 1 };
  const again = connect(former).catch((error) => error.code);
  await run();
  expect([await again, ...outcomes]).toEqual(["SESSION_LOST", "accepted", "SESSION_LOST"]);
  session.close(new SluiceError("CANCELLED", "the test is over"));
  await clock.advance(5_000);
  expect(clock.armedTimers).toBe(0);
});

function refuse(): never {
  throw new SluiceError("UNIMPLEMENTED", "nothing is served");
}
