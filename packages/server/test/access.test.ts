/** AccessTable: which rule decides about a name, whom it lets through, and what can't be a rule. */
import type { ServedCall } from "@sluice/protocol/wire";
import { describe, expect, test } from "vitest";
import { type AccessRule, type AccessRules, AccessTable } from "../src/access.ts";

function call(procedure: string, identity?: unknown): ServedCall {
  const connection = { id: "c1", transport: "test", remote: undefined } as ServedCall["connection"];
  return { procedure, kind: "request", metadata: {}, identity, connection };
}

describe("AccessTable finds the rule", () => {
  const rules: AccessRules = {
    "*": true,
    "orders/*": ["role:seller"],
    "orders/list": true,
    "orders/admin/*": ["role:admin"],
    "orders/admin/help": true,
    "secret/*": false,
    "secret/open": true,
    shut: false,
  };
  const table = new AccessTable(rules);

  test.each([
    ["ping", "*", true],
    ["orders", "*, since no slash follows", true],
    ["ordersX/list", "*, since it only begins alike", true],
    ["orders/list", "its own name", true],
    ["orders/list/all", "orders/*", false],
    ["orders/", "orders/*", false],
    ["orders/place", "orders/*", false],
    ["orders/admin/purge", "orders/admin/*, the longer prefix", false],
    ["orders/admin/help", "its own name before every prefix", true],
    ["secret/open", "false, though its own name says true", false],
    ["secret/any", "false, though * says true", false],
    ["shut", "false", false],
  ])("of %s: %s", (procedure, _, expected) => {
    expect(table.judge(call(procedure))).toBe(expected);
    expect(table.shows(procedure, undefined)).toBe(expected);
  });

  test("by specificity, in whatever order they are written", () => {
    const entries = Object.entries(rules);
    for (let turn = 0; turn < entries.length; turn++) {
      entries.push(entries.shift() as (typeof entries)[number]);
      const turned = new AccessTable(Object.fromEntries(entries));
      expect(turned.judge(call("orders/admin/purge", { role: "admin" }))).toBe(true);
      expect(turned.judge(call("orders/admin/purge", { role: "seller" }))).toBe(false);
      expect(turned.judge(call("orders/place", { role: "seller" }))).toBe(true);
      expect(turned.judge(call("secret/open"))).toBe(false);
    }
  });

  test.each([{}, { other: true }, { "other/*": true }])("of a name that none fits: denied (%j)", (some) => {
    expect(new AccessTable(some).judge(call("orders/place", { roles: ["admin"] }))).toBe(false);
  });

  test.each(["constructor", "toString", "__proto__", "hasOwnProperty", "valueOf"])(
    "of %s, which every object has: its own, if any",
    (name) => {
      expect(new AccessTable({}).judge(call(name))).toBe(false);
      expect(new AccessTable({ "orders/*": true }).judge(call(name))).toBe(false);
      const own = new AccessTable(Object.fromEntries([[name, true]]));
      expect(own.judge(call(name))).toBe(true);
      expect(own.judge(call("orders"))).toBe(false);
    },
  );
});

describe("AccessTable takes an identity", () => {
  class Person {
    readonly id = "ada";
    get roles(): string[] {
      return ["admin"];
    }
  }

  test.each<[string, AccessRule, unknown, boolean]>([
    ["with one of several roles", ["role:admin", "role:editor"], { roles: ["editor"] }, true],
    ["with all of them", ["role:admin", "role:editor"], { roles: ["editor", "admin"] }, true],
    ["with a role of its own", ["role:admin"], { role: "admin" }, true],
    ["with another role", ["role:admin"], { roles: ["editor"] }, false],
    ["with a role that only begins alike", ["role:admin"], { roles: ["administrator", "adm"] }, false],
    ["with a scope", ["scope:orders:write"], { scopes: ["orders:write"] }, true],
    ["with the id", ["id:ada"], { id: "ada" }, true],
    ["with another id", ["id:ada"], { id: "bob", roles: ["ada"] }, false],
    ["with a list of ids", ["id:ada"], { ids: ["ada"] }, true],
    ["with an empty list beside a role of its own", ["role:admin"], { roles: [], role: "admin" }, false],
    ["with text where a list belongs", ["role:admin"], { roles: "admin" }, false],
    ["with any word", ["tenant:acme"], { tenant: "acme" }, true],
    ["with a number that reads alike", ["id:7"], { id: 7 }, false],
    ["whose roles come from its class", ["role:admin"], new Person(), false],
    ["that is nothing", ["role:admin"], undefined, false],
    ["that is null", ["role:admin"], null, false],
    ["that is text", ["id:ada"], "ada", false],
    ["asked for what every object has", ["constructor:Object"], {}, false],
    [
      "asked for a member of prototypes",
      ["constructor:Object"],
      Object.create({ constructor: "Object" }),
      false,
    ],
    ["without looking at it", true, undefined, true],
    ["and is not asked", false, { roles: ["admin"] }, false],
  ])("%s", (_, rule, identity, expected) => {
    const table = new AccessTable({ a: rule });
    expect([table.judge(call("a", identity)), table.shows("a", identity)]).toEqual([expected, expected]);
  });
});

describe("AccessTable asks a predicate", () => {
  test("once its param is there, with all that is known of the call", () => {
    const seen: unknown[] = [];
    const table = new AccessTable({
      "orders/*": (request) => {
        seen.push(request);
        return true;
      },
    });
    const judge = table.judge(call("orders/place", { id: "ada" }));
    expect(seen).toEqual([]);
    expect(typeof judge === "function" && judge({ item: "pen" })).toBe(true);
    expect(seen).toEqual([{ ...call("orders/place", { id: "ada" }), param: { item: "pen" } }]);
  });

  test("not where a more specific rule, or false, decides", () => {
    const never = (): never => {
      throw new Error("nobody asks");
    };
    const table = new AccessTable({ "*": never, a: true, "b/*": false, "b/c": never });
    expect([table.judge(call("a")), table.judge(call("b/c"))]).toEqual([true, false]);
  });

  test("not to show that a procedure is there", () => {
    expect(new AccessTable({ a: () => false }).shows("a", undefined)).toBe(true);
  });
});

describe("AccessTable refuses", () => {
  test.each(["", "orders*", "orders/*/list", "*/list", "**", "/**", "* "])("the pattern %j", (pattern) => {
    expect(() => new AccessTable({ [pattern]: true })).toThrow(TypeError);
    expect(() => new AccessTable({ [pattern]: true })).toThrow(JSON.stringify(pattern));
  });

  test.each<[unknown]>([
    [1],
    [null],
    [undefined],
    ["role:admin"],
    [[]],
    [["admin"]],
    [["role:"]],
    [[":admin"]],
    [["Role:admin"]],
    [["role:admin", 1]],
    [new Set(["role:admin"])],
    [{ roles: ["admin"] }],
  ])("the rule %o", (rule) => {
    expect(() => new AccessTable({ "orders/*": rule as AccessRule })).toThrow(TypeError);
    expect(() => new AccessTable({ "orders/*": rule as AccessRule })).toThrow('"orders/*"');
  });
});
