/**
 * What a protocol makes of every required case of the JSON-Schema-Test-Suite: it is defined, then both engines compile.
 *
 * Twice: with the schemas as they are, most of which leave types out and are refused; and with the same schemas written as a
 * protocol wants them (other documents bundled, a type beside each keyword that is for one). The table beside this file has every
 * case; one that is out of date fails.
 */
import { readdirSync, readFileSync } from "node:fs";
import { closures, defineProtocol, type JsonSchema } from "@sluice/protocol";
import { describe, expect, it } from "vitest";
import { ajv } from "../src/ajv-validator.ts";
import { typedSchema } from "./ajv-typed-schema.ts";

const folder = new URL("../../protocol/test/schema/json-schema-test-suite/", import.meta.url);

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(new URL(path, folder), "utf8"));
}

interface SuiteGroup {
  readonly file: string;
  readonly description: string;
  readonly schema: JsonSchema;
  readonly tests: readonly {
    readonly description: string;
    readonly data: unknown;
    readonly valid: boolean;
  }[];
}

const groups = readdirSync(new URL("tests/", folder))
  .sort()
  .flatMap((name) =>
    (readJson(`tests/${name}`) as SuiteGroup[]).map((group) => ({
      ...group,
      file: name.replace(".json", ""),
    })),
  );

/** The schemas of the same groups, with the documents that they refer to. */
const bundled = readJson("bundled-schemas.json") as readonly [
  file: string,
  group: string,
  schema: JsonSchema,
][];

/** What comes of the cases of a group: why the schema is refused, or a letter for each case and engine, `p`ass or `w`rong. */
type Outcome = { readonly refused: string } | { readonly closures: string; readonly ajv: string };

interface Result {
  readonly group: SuiteGroup;
  readonly outcome: Outcome;
  /** Cases for which the engines have different issues. */
  readonly different: readonly string[];
}

function judge(group: SuiteGroup, schema: JsonSchema): Result {
  try {
    defineProtocol({ suite: { type: "request", param: schema } });
  } catch (error) {
    const message = (error as TypeError).message.replace('Cannot use the schema of "suite" param: ', "");
    return { group, outcome: { refused: message }, different: [] };
  }
  const [safe, fast] = [closures().compile(schema), ajv().compile(schema)];
  const different: string[] = [];
  const letters = group.tests.map(({ description, data, valid }) => {
    const issues = [safe(data), fast(data)];
    if (JSON.stringify(issues[0]) !== JSON.stringify(issues[1])) different.push(description);
    return issues.map((issue) => ((issue === undefined) === valid ? "p" : "w"));
  });
  const ofEngine = (at: number): string => letters.map((pair) => pair[at]).join("");
  return { group, outcome: { closures: ofEngine(0), ajv: ofEngine(1) }, different };
}

interface Counts {
  cases: number;
  refused: number;
  closures: { passed: number; wrong: number };
  ajv: { passed: number; wrong: number };
}

function countAll(results: readonly Result[]): Counts {
  const letters = (engine: "closures" | "ajv"): string =>
    results.map(({ outcome }) => ("refused" in outcome ? "" : outcome[engine])).join("");
  const count = (text: string): { passed: number; wrong: number } => ({
    passed: text.replaceAll("w", "").length,
    wrong: text.replaceAll("p", "").length,
  });
  const cases = results.reduce((sum, { group }) => sum + group.tests.length, 0);
  return {
    cases,
    refused: cases - letters("closures").length,
    closures: count(letters("closures")),
    ajv: count(letters("ajv")),
  };
}

function tableOf(forms: Readonly<Record<string, readonly Result[]>>): string {
  const tables = Object.entries(forms).map(([form, results]) => {
    const rows = results.map(
      ({ group, outcome }) => `    ${JSON.stringify([group.file, group.description, outcome])}`,
    );
    return `  ${JSON.stringify(form)}: [\n${rows.join(",\n")}\n  ]`;
  });
  const counts = Object.entries(forms).map(
    ([form, results]) => `    ${JSON.stringify(form)}: ${JSON.stringify(countAll(results))}`,
  );
  return `{\n  "all": {\n${counts.join(",\n")}\n  },\n${tables.join(",\n")}\n}\n`;
}

describe("a protocol and the JSON-Schema-Test-Suite", { timeout: 120_000 }, () => {
  const asItIs = groups.map((group) => judge(group, group.schema));
  const withTypes = groups.map((group, at) => judge(group, typedSchema(bundled[at]?.[2] ?? false)));
  const results = [...asItIs, ...withTypes];
  const [plain, typed] = [countAll(asItIs), countAll(withTypes)];

  it("refuses, passes or gets wrong what the table says", async () => {
    const table = tableOf({ "as it is": asItIs, "with types": withTypes });
    await expect(table).toMatchFileSnapshot("./ajv-suite-table.json");
  });

  it("accepts no case in both engines with different verdicts or issues", () => {
    expect(results.flatMap(({ different }) => different)).toEqual([]);
    const unlike = results.filter(({ outcome }) => "ajv" in outcome && outcome.ajv !== outcome.closures);
    expect(unlike).toEqual([]);
  });

  it("gets no case wrong that it accepts", () => {
    const wrong = results.filter(
      ({ outcome }) => "ajv" in outcome && /w/.test(outcome.ajv + outcome.closures),
    );
    expect(wrong).toEqual([]);
  });

  it("judges each case, as it is and with types", () => {
    expect(bundled.map(([file, group]) => [file, group])).toEqual(
      groups.map(({ file, description }) => [file, description]),
    );
    expect([plain.cases, typed.cases]).toEqual([1_299, 1_299]);
    expect(typed.closures.passed).toBeGreaterThanOrEqual(1_270);
  });

  it("has the counts that docs/validation.md says", () => {
    const page = readFileSync(new URL("../../../docs/validation.md", import.meta.url), "utf8");
    const number = (count: number): string => count.toLocaleString("en");
    const sentence =
      `Of them a protocol accepts ${number(plain.closures.passed)} as they are and refuses ${number(plain.refused)}; ` +
      `written with types it accepts ${number(typed.closures.passed)} and refuses ${number(typed.refused)}`;
    expect(page.replaceAll(/\s+/g, " ")).toContain(sentence);
  });
});
