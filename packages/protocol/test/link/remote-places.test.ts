/** Places are bounded in all and per address, and come back once. */
import { describe, expect, test } from "vitest";
import { RemotePlaces } from "../../src/link/remote-places.ts";

describe("RemotePlaces", () => {
  test("are bounded for one address, while others still have some", () => {
    const places = new RemotePlaces({ max: 8, maxPerRemote: 2 });
    places.take("192.0.2.1");
    places.take("192.0.2.1:2");
    expect(places.full("tcp://192.0.2.1:3")).toBe("remote");
    expect(places.full("192.0.2.2")).toBeUndefined();
  });

  test("are those of a /64 for IPv6", () => {
    const places = new RemotePlaces({ max: 8, maxPerRemote: 2 });
    places.take("2001:db8::1");
    places.take("2001:db8::2");
    expect(places.full("2001:db8::ffff:3")).toBe("remote");
    expect(places.full("2001:db8:0:1::1")).toBeUndefined();
  });

  test("are bounded in all, also for who has no address", () => {
    const places = new RemotePlaces({ max: 3, maxPerRemote: 2 });
    for (let count = 0; count < 3; count++) {
      expect(places.full(undefined)).toBeUndefined();
      places.take(undefined);
    }
    expect([places.full(undefined), places.full("192.0.2.1")]).toEqual(["all", "all"]);
  });

  test("come back when they are given back, once each", () => {
    const places = new RemotePlaces({ max: 3, maxPerRemote: 1 });
    const [first, second] = [places.take("192.0.2.1"), places.take("192.0.2.2")];
    first();
    first();
    expect([places.taken, places.full("192.0.2.1"), places.full("192.0.2.2")]).toEqual([
      1,
      undefined,
      "remote",
    ]);
    second();
    expect(places.taken).toBe(0);
  });
});
