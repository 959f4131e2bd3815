/** checkJson: counts values as checkShape does, without building them. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkJson } from "../../src/codec/check-json.ts";
import { checkShape } from "../../src/codec/safe-value.ts";
import { codeOr } from "./travel.ts";

const accepts = (check: () => void): boolean => codeOr(check) === undefined;
const withNodes = (maxNodes: number) => ({ maxDepth: 1000, maxNodes });

/** The fewest nodes that `accept` is content with. */
function count(accept: (maxNodes: number) => boolean): number {
  let nodes = 1;
  while (!accept(nodes)) nodes++;
  return nodes;
}

describe("checkJson counts", () => {
  test.each([
    ["1", 1],
    ["[]", 1],
    ["{ }", 1],
    ["[ \n\t]", 1],
    ["[1]", 2],
    ["[1,2]", 3],
    ["[[],{}]", 3],
    ['{"a":{"b":[]}}', 3],
    ['"[,,,{"', 1],
    ['["\\"[,,"]', 2],
    ['["\\\\",1]', 3],
    ['["\\\\\\",[,"]', 2],
    ['{"a,b":"c,d"}', 2],
  ])("%s as %i", (json, nodes) => {
    expect(count((maxNodes) => accepts(() => checkJson(json, withNodes(maxNodes))))).toBe(nodes);
  });

  test("what checkShape counts, however it is written", () => {
    const text = fc.oneof(
      fc.constantFrom('"', "\\", '\\"', "[", ",", "{}", "]"),
      fc.string({ maxLength: 4 }),
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 5, depthSize: "small" },
        fc.oneof(text, fc.integer(), fc.constant(null)),
        fc.array(tie("value"), { maxLength: 5 }),
        fc.dictionary(text, tie("value"), { maxKeys: 5 }),
      ),
    }));
    fc.assert(
      fc.property(value, fc.constantFrom("", " ", "\t\n"), (sent, space) => {
        const json = JSON.stringify(sent, null, space);
        const read: unknown = JSON.parse(json);
        const nodes = count((maxNodes) => accepts(() => checkShape(read, withNodes(maxNodes))));
        expect(accepts(() => checkJson(json, withNodes(nodes)))).toBe(true);
        if (nodes > 1) expect(accepts(() => checkJson(json, withNodes(nodes - 1)))).toBe(false);
      }),
      { numRuns: 500, interruptAfterTimeLimit: 1500, markInterruptAsFailure: false },
    );
  });
});

describe("checkJson ends", () => {
  test.each(["", '"', '"\\', '"\\"', "[", "[ ", "{", "[,", '["a', "]]]", "\\\\\\"])(
    "for what is no JSON: %j",
    (text) => {
      expect(accepts(() => checkJson(text, withNodes(100)))).toBe(true);
    },
  );
});
