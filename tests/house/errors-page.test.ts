/** docs/errors.md has every code of the toolkit, in order, and says whether it may be repeated. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { errorCodes, isRetryableCode } from "@sluice/protocol";
import { describe, expect, test } from "vitest";
import { repository } from "./planted-tree.ts";

interface Row {
  readonly code: string;
  readonly meaning: string;
  readonly retryable: string;
  readonly processed: string;
  readonly raisedBy: string;
}

const page = readFileSync(join(repository, "docs/errors.md"), "utf8");

/** The rows of the tables below the headings of codes; a code may stand in both tables. */
function rowsBelow(heading: string): Row[] {
  const [, section = ""] = page.split(`\n## ${heading}\n`);
  const [table = ""] = section.split("\n## ");
  return [...table.matchAll(/^\| `([A-Z_]+)` \|(.*)\|$/gm)].map(([, code = "", cells = ""]) => {
    const [meaning = "", retryable = "", processed = "", raisedBy = ""] = cells
      .split("|")
      .map((cell) => cell.trim());
    return { code, meaning, retryable, processed, raisedBy };
  });
}

const rows = [...rowsBelow("Codes of calls"), ...rowsBelow("Codes of connections")];

test("docs/errors.md has one row for every code, in the order of the specification, and no other", () => {
  expect(rows.map(({ code }) => code)).toEqual(errorCodes);
});

describe.each(rows)("docs/errors.md, $code", ({ code, meaning, retryable, processed, raisedBy }) => {
  test("says whether it is retryable by default, as the toolkit does", () => {
    expect(retryable.split(" ")[0]).toBe(isRetryableCode(code) ? "yes" : "no");
  });

  test("says what it means, who raises it and, if somebody does, what is known of its handler", () => {
    expect(meaning).not.toBe("");
    expect(raisedBy).not.toBe("");
    if (!raisedBy.startsWith("nobody yet")) expect(processed).toMatch(/`no`|`maybe`|as the peer says/);
  });
});
