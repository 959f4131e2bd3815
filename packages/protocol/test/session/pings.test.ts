/** PINGs and their answers. Spec: docs/wire.md §4.10. */
import { describe, expect, it } from "vitest";
import { SluiceError } from "../../src/errors/sluice-error.ts";
import { Pings } from "../../src/session/pings.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";

describe("Pings", () => {
  it("resolve with the time that their own answer took, in whatever order answers come", async () => {
    const clock = new FakeClock();
    const pings = new Pings(clock);
    const nonces: number[] = [];
    const first = pings.ping((nonce) => nonces.push(nonce));
    await clock.advance(10);
    const second = pings.ping((nonce) => nonces.push(nonce));
    await clock.advance(5);
    expect(new Set(nonces).size).toBe(2);
    expect(pings.answered(nonces[1] as number)).toBe(true);
    await clock.advance(5);
    expect(pings.answered(nonces[0] as number)).toBe(true);
    expect([await first, await second]).toEqual([20, 5]);
  });

  it("an answer that nobody waits for, or that comes twice, is no answer", async () => {
    const pings = new Pings(new FakeClock());
    expect(pings.answered(1)).toBe(false);
    let sent = 0;
    const ping = pings.ping((nonce) => {
      sent = nonce;
    });
    expect([pings.answered(sent), pings.answered(sent)]).toEqual([true, false]);
    expect(await ping).toBe(0);
  });

  it("all fail with the error that ends them, and none is left", async () => {
    const pings = new Pings(new FakeClock());
    const error = new SluiceError("UNAVAILABLE", "gone");
    const outcomes = [pings.ping(() => {}), pings.ping(() => {})].map((ping) =>
      ping.catch((reason: unknown) => reason),
    );
    pings.fail(error);
    expect(await Promise.all(outcomes)).toEqual([error, error]);
    expect(pings.answered(1)).toBe(false);
  });

  it("count from 1, so that the nonce of each fits into four bytes", async () => {
    const pings = new Pings(new FakeClock());
    const nonces: number[] = [];
    for (let i = 0; i < 200; i++) {
      const ping = pings.ping((nonce) => nonces.push(nonce));
      pings.answered(nonces.at(-1) as number);
      await ping;
    }
    expect(nonces).toEqual(Array.from({ length: 200 }, (_, at) => at + 1));
  });

  it("fail nobody while none waits, before the first and after the last, and go on", async () => {
    const pings = new Pings(new FakeClock());
    const error = new SluiceError("UNAVAILABLE", "gone");
    pings.fail(error);
    expect(pings.answered(1)).toBe(false);
    const ping = pings.ping((nonce) => queueMicrotask(() => pings.answered(nonce)));
    expect(await ping).toBe(0);
    pings.fail(error);
    pings.fail(error);
  });
});
