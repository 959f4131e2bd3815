/** Sessions that peers can find again: the number of the attempt decides between two that come at once. Spec: docs/wire.md §3.1, §4.7. */
import { type Hello, resolveLimits, type Session } from "@sluice/protocol/wire";
import { expect, test } from "vitest";
import { KeptSessions } from "../src/kept-sessions.ts";

const peer = { epoch: "0123456789abcdef" };

test("SE-5 X14 KeptSessions gives a session to an attempt once: the same number that comes again is overtaken", () => {
  const kept = new KeptSessions(resolveLimits());
  const session = { peer, encoding: { kind: "structured" } } as unknown as Session;
  const ticket = kept.draw();
  kept.keep(ticket, session, "ada");
  const hello = { peer, codecs: ["json"] } as unknown as Hello;
  const find = (attempt: number) =>
    kept.find(hello, { id: ticket.id, secret: ticket.secret, attempt }, "ada", "structured");
  expect(find(3)?.session).toBe(session);
  for (const late of [3, 2, 0]) {
    expect(() => find(late)).toThrow(expect.objectContaining({ code: "SESSION_TAKEN_OVER" }));
  }
  expect(find(4)?.session).toBe(session);
});
