/**
 * What the closures make of every required case of the JSON-Schema-Test-Suite, with what it presumes: `format` and
 * `contentEncoding` are notes, and the documents that its references lead to are given.
 *
 * The table beside this file has the counts, and each case that is not passed; one that is out of date fails.
 */
import { describe, expect, it } from "vitest";
import { bundledSchema } from "../../src/schema/bundled-schema.ts";
import { closures } from "../../src/schema/closure-validator.ts";
import type { Validate } from "../../src/schema/validator.ts";
import { readDocuments, readSuite, type SuiteGroup } from "./read-test-suite.ts";

const documents = readDocuments();
const suite = [...readSuite()];

/** A case that is not passed. Each of them would need a reason here. */
interface Miss {
  readonly file: string;
  readonly group: string;
  readonly test: string;
  readonly outcome: string;
}

function compile({ schema }: SuiteGroup): Validate | TypeError {
  try {
    return closures().compile(bundledSchema(schema, { documents, formats: "annotate" }));
  } catch (error) {
    if (error instanceof TypeError) return error;
    throw error;
  }
}

function missesIn(file: string, groups: readonly SuiteGroup[]): Miss[] {
  return groups.flatMap((group) => {
    const validate = compile(group);
    return group.tests.flatMap(({ description, data, valid }) => {
      if (typeof validate === "function" && (validate(data) === undefined) === valid) return [];
      const outcome = typeof validate === "function" ? "wrong" : `refused: ${validate.message}`;
      return { file, group: group.description, test: description, outcome };
    });
  });
}

describe("closures and the JSON-Schema-Test-Suite", () => {
  it("has the 1,299 required cases of 46 files", () => {
    expect(suite).toHaveLength(46);
    expect(suite.flatMap(([, groups]) => groups).flatMap(({ tests }) => tests)).toHaveLength(1_299);
  });

  it("passes as the table says", async () => {
    const misses: Miss[] = [];
    const files = suite.map(([file, groups]) => {
      const missed = missesIn(file, groups);
      misses.push(...missed);
      const cases = groups.flatMap(({ tests }) => tests).length;
      const refused = missed.filter(({ outcome }) => outcome !== "wrong").length;
      return [
        file,
        { cases, passed: cases - missed.length, refused, wrong: missed.length - refused },
      ] as const;
    });
    const sum = (count: "cases" | "passed" | "refused" | "wrong"): number =>
      files.reduce((total, [, counts]) => total + counts[count], 0);
    const all = {
      cases: sum("cases"),
      passed: sum("passed"),
      refused: sum("refused"),
      wrong: sum("wrong"),
    };
    const rows = files.map(([file, counts]) => `    ${JSON.stringify(file)}: ${JSON.stringify(counts)}`);
    const listed = misses.map((miss) => `    ${JSON.stringify(miss)}`);
    const lines = [
      "{",
      `  "all": ${JSON.stringify(all)},`,
      `  "files": {\n${rows.join(",\n")}\n  },`,
      `  "missed": [${listed.length === 0 ? "" : `\n${listed.join(",\n")}\n  `}]`,
      "}",
    ];
    await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("./closures-suite-table.json");
    expect(misses).toEqual([]);
  });

  it("has its schemas bundled as the data for other packages says", async () => {
    const rows = suite.flatMap(([file, groups]) =>
      groups.map(({ description, schema }) => [
        file,
        description,
        bundledSchema(schema, { documents, formats: "annotate" }),
      ]),
    );
    const lines = rows.map((row) => JSON.stringify(row)).join(",\n");
    await expect(`[\n${lines}\n]\n`).toMatchFileSnapshot("./json-schema-test-suite/bundled-schemas.json");
  });

  it("is passed a second time by the same functions, in the other order", () => {
    const wrong: string[] = [];
    for (const [file, groups] of suite) {
      for (const group of groups) {
        const validate = compile(group);
        if (typeof validate !== "function") continue;
        const tests = [...group.tests, ...group.tests.toReversed()];
        for (const { description, data, valid } of tests) {
          if ((validate(data) === undefined) !== valid) wrong.push(`${file}: ${description}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });
});
