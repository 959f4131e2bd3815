/** Declared errors: found by code, and told apart where a call failed. */
import { describe, expect, test } from "vitest";
import { declaredErrors, isError } from "../../src/definition/declared-error.ts";
import { SluiceError } from "../../src/errors/sluice-error.ts";
import { shop } from "./shop.ts";

describe("declaredErrors", () => {
  test("gives the errors by code, and the same map each time", () => {
    const declared = declaredErrors(shop["orders/place"]);
    expect([...declared.keys()]).toEqual(["NO_STOCK", "UNKNOWN_ITEM", "LIMITED"]);
    expect(declared.get("NO_STOCK")).toBe(shop["orders/place"].errors.NO_STOCK);
    expect(declaredErrors(shop["orders/place"])).toBe(declared);
  });

  test("is empty where none are declared", () => {
    expect(declaredErrors(shop["cart/clear"]).size).toBe(0);
    expect(declaredErrors(shop["page/seen"]).size).toBe(0);
  });

  test("does not take what every object has for a code", () => {
    expect(declaredErrors(shop["orders/place"]).has("constructor")).toBe(false);
  });
});

describe("isError", () => {
  const noStock = new SluiceError("NO_STOCK", "Nothing left", { data: { left: 0 } });

  test("knows a declared error by its code", () => {
    expect(isError(noStock, shop, "orders/place", "NO_STOCK")).toBe(true);
    expect(isError(noStock, shop, "orders/place", "UNKNOWN_ITEM")).toBe(false);
  });

  test("without a code knows any that the procedure declares", () => {
    expect(isError(noStock, shop, "orders/place")).toBe(true);
    expect(isError(noStock, shop, "orders/watch")).toBe(false);
    expect(isError(new SluiceError("NOT_FOUND", ""), shop, "orders/place")).toBe(false);
  });

  test("knows nothing where nothing is declared", () => {
    expect(isError(noStock, shop, "cart/clear")).toBe(false);
    expect(isError(noStock, shop, "page/seen")).toBe(false);
  });

  test("knows an error of another copy of the package", () => {
    const other = Object.assign(new Error("Nothing left"), {
      code: "NO_STOCK",
      [Symbol.for("@sluice/error")]: true,
    });
    expect(isError(other, shop, "orders/place", "NO_STOCK")).toBe(true);
  });

  test.each([
    ["an error of another kind with that code", Object.assign(new Error(""), { code: "NO_STOCK" })],
    ["undefined", undefined],
    ["null", null],
    ["a text", "NO_STOCK"],
    ["an object with that code", { code: "NO_STOCK" }],
  ])("does not take %s for one", (_, thrown) => {
    expect(isError(thrown, shop, "orders/place", "NO_STOCK")).toBe(false);
  });

  test("does not throw for a procedure or protocol that does not exist", () => {
    const loose = isError as (error: unknown, protocol: unknown, procedure: string, code?: string) => boolean;
    expect(loose(noStock, shop, "orders/cancel", "NO_STOCK")).toBe(false);
    expect(loose(noStock, shop, "constructor")).toBe(false);
    expect(loose(noStock, undefined, "orders/place")).toBe(false);
    expect(loose(noStock, Object.create(shop), "orders/place")).toBe(false);
    expect(loose(new SluiceError("constructor", ""), shop, "orders/place", "constructor")).toBe(false);
  });
});
