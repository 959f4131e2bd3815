import { describe, expect, it, vi } from "vitest";
import { auto } from "../../src/schema/auto-validator.ts";
import type { CompileOptions, Validator } from "../../src/schema/validator.ts";

/** An engine that notes what it is asked for, and throws what `refuse` says. */
function makeEngine(name: string, refuse: () => unknown = () => undefined) {
  const asked: unknown[] = [];
  const engine: Validator = {
    name,
    compile: (schema, options?: CompileOptions) => {
      asked.push({ schema, options });
      const error = refuse();
      if (error !== undefined) throw error;
      return () => ({ path: "", keyword: name, expected: "" });
    },
  };
  return { engine, asked };
}

const keywordOf = (validator: Validator): string | undefined => validator.compile(true)(1)?.keyword;

const refusals: readonly (readonly [string, unknown])[] = [
  ["Node and workerd", new EvalError("Code generation from strings disallowed for this context")],
  [
    "Chromium",
    new EvalError(
      "Refused to evaluate a string as JavaScript because 'unsafe-eval' is not an allowed source",
    ),
  ],
  ["Trusted Types", new TypeError("This document requires 'TrustedScript' assignment.")],
  ["an engine that wraps it", new TypeError("cannot compile", { cause: new EvalError("no") })],
];

describe("auto", () => {
  it("uses the fast engine where it can, with the given options", () => {
    const [fast, safe] = [makeEngine("fast"), makeEngine("safe")];
    const validator = auto(fast.engine, safe.engine);
    expect(validator.name).toBe("auto");
    validator.compile(true, { tolerant: true });
    expect(fast.asked).toEqual([{ schema: true, options: { tolerant: true } }]);
    expect(safe.asked).toEqual([]);
  });

  it.each(refusals)("falls back when code is refused: %s", (_, error) => {
    const [fast, safe] = [makeEngine("fast", () => error), makeEngine("safe")];
    const validator = auto(fast.engine, safe.engine);
    validator.compile(true, { tolerant: true });
    expect(safe.asked).toEqual([{ schema: true, options: { tolerant: true } }]);
  });

  it("remembers a refusal", () => {
    const fast = makeEngine("fast", () => new EvalError("no"));
    const validator = auto(fast.engine, makeEngine("safe").engine);
    expect([keywordOf(validator), keywordOf(validator)]).toEqual(["safe", "safe"]);
    expect(fast.asked).toHaveLength(1);
  });

  it("does not remember a success: code may be refused later", () => {
    let isRefused = false;
    const fast = makeEngine("fast", () => (isRefused ? new EvalError("no") : undefined));
    const validator = auto(fast.engine, makeEngine("safe").engine);
    expect(keywordOf(validator)).toBe("fast");
    isRefused = true;
    expect(keywordOf(validator)).toBe("safe");
    isRefused = false;
    expect(keywordOf(validator)).toBe("safe");
  });

  it("throws what is wrong with a schema, and goes on with the fast engine", () => {
    const faults: unknown[] = [new TypeError("unknown keyword"), "not even an error"];
    const [fast, safe] = [makeEngine("fast", () => faults.shift()), makeEngine("safe")];
    const validator = auto(fast.engine, safe.engine);
    expect(() => validator.compile(true)).toThrow("unknown keyword");
    expect(() => validator.compile(true)).toThrow("not even an error");
    expect(keywordOf(validator)).toBe("fast");
    expect(safe.asked).toEqual([]);
  });

  it.each([
    ["Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0", "safe"],
    ["Cloudflare-Workers", "fast"],
    ["Node.js/22", "fast"],
    [undefined, "fast"],
  ])("never asks the fast engine in a browser, where that may be reported: %s", (userAgent, name) => {
    vi.stubGlobal("navigator", { userAgent });
    try {
      const [fast, safe] = [makeEngine("fast"), makeEngine("safe")];
      expect(keywordOf(auto(fast.engine, safe.engine))).toBe(name);
      expect(keywordOf(auto(fast.engine, safe.engine, { eval: "probe" }))).toBe("fast");
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it("never asks the fast engine when told so", () => {
    const fast = makeEngine("fast");
    expect(keywordOf(auto(fast.engine, makeEngine("safe").engine, { eval: "never" }))).toBe("safe");
    expect(fast.asked).toEqual([]);
  });
});
