/** isError narrows what was caught to the errors that a procedure declares. */
import { expectTypeOf, test } from "vitest";
import { isError } from "../../src/definition/declared-error.ts";
import type { DeclaredError, ErrorOf } from "../../src/definition/protocol-types.ts";
import { SluiceError } from "../../src/errors/sluice-error.ts";
import { shop } from "./shop.ts";

const caught: unknown = new SluiceError("NO_STOCK", "");

test("isError with a code narrows to that error and its data", () => {
  if (isError(caught, shop, "orders/place", "NO_STOCK")) {
    expectTypeOf(caught).toEqualTypeOf<DeclaredError<"NO_STOCK", { left: number }>>();
    expectTypeOf(caught.data.left).toEqualTypeOf<number>();
    expectTypeOf(caught.message).toEqualTypeOf<string>();
  } else {
    expectTypeOf(caught).toEqualTypeOf<unknown>();
  }
});

test("isError without a code narrows to a union that the code tells apart", () => {
  if (!isError(caught, shop, "orders/place")) return;
  expectTypeOf(caught).toEqualTypeOf<ErrorOf<typeof shop, "orders/place">>();
  if (caught.code === "NO_STOCK") expectTypeOf(caught.data).toEqualTypeOf<{ left: number }>();
  if (caught.code === "UNKNOWN_ITEM") expectTypeOf(caught.data).toEqualTypeOf<undefined>();
});

test("isError narrows a SluiceError as well", () => {
  const error = new SluiceError("TOO_OLD", "") as SluiceError;
  if (isError(error, shop, "orders/watch", "TOO_OLD")) expectTypeOf(error.data).toEqualTypeOf<string>();
});

test("isError takes names and codes of the protocol only", () => {
  // @ts-expect-error no such procedure
  isError(caught, shop, "orders/plaec");
  // @ts-expect-error not declared there
  isError(caught, shop, "orders/place", "TOO_OLD");
  // @ts-expect-error nothing is declared there
  isError(caught, shop, "cart/clear", "NO_STOCK");
});
