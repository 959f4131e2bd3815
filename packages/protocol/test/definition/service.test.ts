/** defineService: names, versions and what else a service says. */
import { describe, expect, test } from "vitest";
import { defineService, type Service } from "../../src/definition/service.ts";

const protocol = { add: { type: "request" } } as const;
const service = { name: "calculator", version: "1.2.0", protocol };

/** `service` with members that its type would not take. */
function loosely(members: object): Service<typeof protocol> {
  return { ...service, ...members } as Service<typeof protocol>;
}

describe("defineService", () => {
  test("gives back the very object", () => {
    const full = { ...service, description: "Adds", tags: ["math"], timeout: 5_000 };
    expect(defineService(full)).toBe(full);
  });

  test.each(["a", "A", "calculator", "Calc-2_x", "a".repeat(64)])("takes the name %s", (name) => {
    expect(defineService({ ...service, name }).name).toBe(name);
  });

  test.each(["", "2fast", "-a", "_a", "a.b", "a/b", "a@1", "a b", "a*", "a>", "café", "a\n", "a".repeat(65)])(
    "refuses the name %j",
    (name) => {
      expect(() => defineService({ ...service, name })).toThrow(TypeError);
      expect(() => defineService({ ...service, name })).toThrow(
        /^Cannot define service .*: a name is a letter, then/,
      );
    },
  );

  test("refuses a name that is no text", () => {
    expect(() => defineService(loosely({ name: undefined }))).toThrow(
      "Cannot define service undefined: a name is",
    );
    expect(() => defineService(loosely({ name: ["a"] }))).toThrow(TypeError);
  });

  // The examples of semver.org.
  test.each([
    "0.0.4",
    "1.2.3",
    "10.20.30",
    "1.1.2-prerelease+meta",
    "1.1.2+meta",
    "1.1.2+meta-valid",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha0.valid",
    "1.0.0-rc.1+build.1",
    "2.0.0-rc.1+build.123",
    "1.2.3----RC-SNAPSHOT.12.9.1--.12",
    "1.0.0+0.build.1-rc.10000aaa-kk-0.1",
    "1.0.0-0A.is.legal",
    "99999999999999999999999.999999999999999999.99999999999999999",
  ])("takes the version %s", (version) => {
    expect(defineService({ ...service, version }).version).toBe(version);
  });

  test.each([
    "",
    "1",
    "1.2",
    "1.2.3-0123",
    "1.2.3-0123.0123",
    "1.1.2+.123",
    "+invalid",
    "-invalid",
    "alpha",
    "1.2.3.DEV",
    "01.1.1",
    "1.01.1",
    "1.1.01",
    "1.2-SNAPSHOT",
    "1.2.31.2.3----RC",
    "v1.2.3",
    "^1.2.3",
    "1.2.3-",
    "1.2.3+",
    "1.2.3 ",
    "1.2.3\n",
    `1.2.3-${"a".repeat(256)}`,
  ])("refuses the version %j", (version) => {
    expect(() => defineService({ ...service, version })).toThrow(TypeError);
    expect(() => defineService({ ...service, version })).toThrow(
      /^Cannot define service calculator: version .* is not like/,
    );
  });

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 32])(
    "refuses the timeout %d",
    (timeout) => {
      expect(() => defineService({ ...service, timeout })).toThrow(RangeError);
    },
  );

  test("takes the shortest and the longest timeout", () => {
    expect(defineService({ ...service, timeout: 1 }).timeout).toBe(1);
    expect(defineService({ ...service, timeout: 2 ** 32 - 1 }).timeout).toBe(2 ** 32 - 1);
  });

  test("refuses descriptions and tags that are no texts", () => {
    expect(() => defineService(loosely({ description: 1 }))).toThrow("description must be a string");
    expect(() => defineService(loosely({ tags: "math" }))).toThrow("tags must be an array of strings");
    expect(() => defineService(loosely({ tags: [1] }))).toThrow("tags must be an array of strings");
    expect(() => defineService(loosely({ timeout: "5 s" }))).toThrow(RangeError);
  });

  test("checks its protocol", () => {
    expect(() => defineService(loosely({ protocol: { add: { type: "stream" } } }))).toThrow(
      'Procedure "add": a stream needs a receive slot',
    );
    expect(() => defineService(loosely({ protocol: undefined }))).toThrow("A protocol is an object");
  });
});
