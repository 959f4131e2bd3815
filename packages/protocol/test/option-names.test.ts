/** option-names: a name that nobody knows is refused, with the one that was meant. */
import { describe, expect, test } from "vitest";
import { checkOptionNames, optionPaths } from "../src/option-names.ts";

const paths = optionPaths({ host: true, port: true, limits: { bytes: 1, rate: { events: 1, perMs: 1 } } });

test("optionPaths() lists groups, and what is in them", () => {
  expect(paths).toEqual([
    "host",
    "port",
    "limits",
    "limits.bytes",
    "limits.rate",
    "limits.rate.events",
    "limits.rate.perMs",
  ]);
});

describe("checkOptionNames()", () => {
  test.each<[object]>([
    [{}],
    [{ host: "a", port: 0, limits: { bytes: 1, rate: { events: 1 } } }],
    [{ host: undefined, nobody: undefined, limits: { nobody: undefined } }],
    [{ host: { anything: 1 } }],
    [{ limits: false }],
    [{ limits: null }],
  ])("takes %j", (options) => {
    expect(() => checkOptionNames("make()", options, paths)).not.toThrow();
  });

  test.each<[object, string]>([
    [{ hots: 1 }, "hots of make(): it takes host, port, limits"],
    [{ hosts: 1 }, "hosts of make(): did you mean host?"],
    [{ PORT: 1 }, "PORT of make(): did you mean port?"],
    [{ events: 1 }, "events of make(): did you mean limits.rate.events?"],
    [{ limits: { port: 1 } }, "limits.port of make(): did you mean port?"],
    [{ limits: { bites: 1 } }, "limits.bites of make(): did you mean limits.bytes?"],
    [
      { limits: { rate: { zebra: 1 } } },
      "limits.rate.zebra of make(): it takes limits.rate.events, limits.rate.perMs",
    ],
    [{ x: 1 }, "x of make(): it takes host, port, limits"],
    [{ ["y".repeat(100_000)]: 1 }, `${"y".repeat(100_000)} of make(): it takes host, port, limits`],
  ])("refuses %o", (options, message) => {
    expect(() => checkOptionNames("make()", options, paths)).toThrow(
      new TypeError(`Unknown option ${message}`),
    );
  });
});
