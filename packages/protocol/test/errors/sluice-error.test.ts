/** SluiceError: defaults, how it is told apart, what it prints, and what becomes of a peer's error. */
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { remoteError, SluiceError } from "../../src/errors/sluice-error.ts";

describe("a SluiceError", () => {
  test("says little by default: it may have happened, here", () => {
    const error = new SluiceError("NOT_FOUND", "There is no such order");
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: "SluiceError",
      code: "NOT_FOUND",
      message: "There is no such order",
      data: undefined,
      retryable: false,
      processed: "maybe",
      origin: "local",
    });
    expect(error.cause).toBeUndefined();
    expect(Object.hasOwn(error, "cause")).toBe(false);
    expect(String(error)).toBe("SluiceError: There is no such order");
  });

  test("is retryable by its code, unless it says otherwise", () => {
    expect(new SluiceError("UNAVAILABLE", "").retryable).toBe(true);
    expect(new SluiceError("UNAVAILABLE", "", { retryable: false }).retryable).toBe(false);
    expect(new SluiceError("NOT_FOUND", "", { retryable: true }).retryable).toBe(true);
    expect(new SluiceError("NO_STOCK", "").retryable).toBe(false);
  });

  test("keeps what it is given", () => {
    const cause = new Error("why");
    const given = { cause, data: { left: 0 }, processed: "no", origin: "relay" } as const;
    expect(new SluiceError("NO_STOCK", "Nothing left", given)).toMatchObject(given);
  });

  test("prints as JSON without its cause and stack", () => {
    const error = new SluiceError("NO_STOCK", "Nothing left", {
      cause: new Error("secret"),
      data: { left: 0 },
    });
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      code: "NO_STOCK",
      message: "Nothing left",
      data: { left: 0 },
      retryable: false,
      processed: "maybe",
      origin: "local",
    });
    expect(new SluiceError("ABORTED", "Later").toJSON()).not.toHaveProperty("data");
  });

  test("shows no brand when it is listed or copied", () => {
    expect(
      Reflect.ownKeys({ ...new SluiceError("ABORTED", "") }).filter((key) => typeof key === "symbol"),
    ).toEqual([]);
  });
});

describe("SluiceError.is", () => {
  test("knows one, also of another copy of the package or another realm", () => {
    expect(SluiceError.is(new SluiceError("ABORTED", ""))).toBe(true);
    expect(SluiceError.is(new (class extends SluiceError {})("ABORTED", ""))).toBe(true);
    expect(SluiceError.is(Object.assign(new Error(""), { [Symbol.for("@sluice/error")]: true }))).toBe(true);
    expect(
      SluiceError.is(
        runInNewContext('Object.assign(new Error(""), { [Symbol.for("@sluice/error")]: true })'),
      ),
    ).toBe(true);
  });

  test.each([undefined, null, "ABORTED", 5, new Error("ABORTED"), { code: "ABORTED" }, () => {}])(
    "does not take %o for one",
    (value) => {
      expect(SluiceError.is(value)).toBe(false);
    },
  );
});

describe("SluiceError.from", () => {
  test("leaves one as it is", () => {
    const error = new SluiceError("ABORTED", "");
    expect(SluiceError.from(error, "INTERNAL", { message: "other" })).toBe(error);
  });

  test.each([
    [new TypeError("no such thing"), "no such thing"],
    ["it broke", "it broke"],
    ["", "Failed with string instead of an error"],
    [undefined, "Failed with undefined instead of an error"],
    [null, "Failed with null instead of an error"],
    [5, "Failed with number instead of an error"],
    [{ password: "hunter2" }, "Failed with object instead of an error"],
  ])("wraps %o and keeps it as the cause", (reason, message) => {
    const error = SluiceError.from(reason);
    expect(error).toMatchObject({ code: "UNKNOWN", message });
    expect(error.cause).toBe(reason);
  });

  test("takes a code, a message and more", () => {
    const error = SluiceError.from(new Error("low"), "UNAVAILABLE", {
      message: "The socket failed",
      processed: "no",
    });
    expect(error).toMatchObject({
      code: "UNAVAILABLE",
      message: "The socket failed",
      processed: "no",
      retryable: true,
    });
    expect(error.cause).toMatchObject({ message: "low" });
  });
});

describe("remoteError", () => {
  test("has the code of the peer if both know it, or the procedure declares it", () => {
    expect(remoteError("NOT_FOUND", "gone", {}, false)).toMatchObject({
      code: "NOT_FOUND",
      message: "gone",
      origin: "remote",
    });
    expect(remoteError("NO_STOCK", "none", { data: 5 }, true)).toMatchObject({
      code: "NO_STOCK",
      data: 5,
      origin: "remote",
    });
  });

  test.each(["NO_STOCK", "constructor", "__proto__", "NEW_CODE"])(
    "is UNKNOWN for %s, whose text is kept",
    (code) => {
      const error = remoteError(code, "none left", { processed: "no", retryable: true }, false);
      expect(error).toMatchObject({
        code: "UNKNOWN",
        message: `${code}: none left`,
        processed: "no",
        retryable: true,
      });
    },
  );

  test("says where it arose", () => {
    expect(remoteError("UNAVAILABLE", "", { origin: "relay" }, false).origin).toBe("relay");
  });
});
