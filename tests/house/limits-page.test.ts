/** docs/limits.md says what `resolveLimits` does: every name, default and range. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type LimitOptions, resolveLimits } from "@sluice/protocol/wire";
import { describe, expect, test } from "vitest";
import { repository } from "./planted-tree.ts";

interface Row {
  /** As the page writes it: `maxMessage`, `abuseRate.events`. */
  readonly name: string;
  readonly isLimit: boolean;
  readonly default: number;
  readonly min: number;
  readonly max: number;
}

const units: Readonly<Record<string, number>> = {
  "": 1,
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  TiB: 1024 ** 4,
  ms: 1,
  s: 1_000,
  h: 3_600_000,
};

/** `64 KiB`, `4,096`, `30 s` in bytes, as a count, in milliseconds. */
function quantity(text: string): number {
  const [, digits = "", unit = ""] = /^([\d,]+) ?(\w*)$/.exec(text) ?? [];
  const factor = units[unit];
  if (digits === "" || factor === undefined)
    throw new TypeError(`The page has no quantity in ${JSON.stringify(text)}`);
  return Number(digits.replaceAll(",", "")) * factor;
}

/** The rows of the table below a heading. */
function rowsBelow(page: string, heading: string, isLimit: boolean): Row[] {
  const [, section = ""] = page.split(`\n## ${heading}\n`);
  const [table = ""] = section.split("\n## ");
  return [...table.matchAll(/^\| `([\w.]+)` \|(.*)\|$/gm)].map(([, name = "", cells = ""]) => {
    const [, standard = "", min = "", max = ""] = cells.split("|").map((cell) => cell.trim());
    return { name, isLimit, default: quantity(standard), min: quantity(min), max: quantity(max) };
  });
}

const page = readFileSync(join(repository, "docs/limits.md"), "utf8");
const rows = [...rowsBelow(page, "In `limits`", true), ...rowsBelow(page, "Times", false)];

function row(name: string): Row {
  const found = rows.find((candidate) => candidate.name === name);
  if (found === undefined) throw new TypeError(`The page has no row for ${name}`);
  return found;
}

/** Values of other options beside which every value of one option is possible, if only its own range is asked about. */
function companions(): { readonly limits: Record<string, number>; readonly times: Record<string, number> } {
  const { max: maxBuffered } = row("maxBuffered");
  return {
    limits: {
      maxBuffered,
      maxMessage: row("maxMessage").min,
      maxCalls: row("maxCalls").min,
      window: row("window").min,
      maxWindow: row("maxWindow").max,
    },
    times: { heartbeat: row("heartbeat").min, deadAfter: row("deadAfter").max },
  };
}

/** Options in which `name` is `value`, and nothing else stands in its way. */
function optionsWith({ name, isLimit }: Row, value: number): LimitOptions {
  const { limits, times } = companions();
  if (!isLimit) return { limits, ...times, [name]: value };
  const [group = "", member] = name.split(".");
  if (member === undefined) return { limits: { ...limits, [name]: value }, ...times };
  return { limits: { ...limits, [group]: { ...resolveLimits().abuseRate, [member]: value } }, ...times };
}

/** What `resolveLimits` made of an option. */
function resolved(options: LimitOptions, name: string): unknown {
  const { abuseRate, ...others } = resolveLimits(options);
  const flat: Record<string, unknown> = { ...others };
  for (const [member, value] of Object.entries(abuseRate)) flat[`abuseRate.${member}`] = value;
  return flat[name];
}

test("docs/limits.md has one row for every limit and time, and no other", () => {
  const { abuseRate, ...others } = resolveLimits();
  const members = Object.keys(abuseRate).map((member) => `abuseRate.${member}`);
  expect(rows.map(({ name }) => name).sort()).toEqual([...Object.keys(others), ...members].sort());
});

describe.each(rows)("docs/limits.md, $name", (shown) => {
  const { name, min, max } = shown;

  test("has the default of the page", () => {
    expect(resolved({}, name)).toBe(shown.default);
  });

  test("can be anything from the page's smallest to its largest value, and nothing else", () => {
    expect(resolved(optionsWith(shown, min), name)).toBe(min);
    expect(resolved(optionsWith(shown, max), name)).toBe(max);
    expect(() => resolveLimits(optionsWith(shown, min - 1))).toThrow(RangeError);
    expect(() => resolveLimits(optionsWith(shown, max + 1))).toThrow(RangeError);
  });

  test(`belongs ${shown.isLimit ? "into" : "beside"} \`limits\``, () => {
    const [own = ""] = name.split(".");
    const asLimit = { limits: { [own]: resolveLimits()[own as "maxMessage"] } };
    if (shown.isLimit) expect(() => resolveLimits(asLimit)).not.toThrow();
    else expect(() => resolveLimits(asLimit)).toThrow(TypeError);
  });
});

/** Pairs that the page names: the value that is just possible beside the other, and the next one. */
const pairs = [
  {
    says: "`maxBuffered` is at least twice `maxMessage`",
    possible: { limits: { maxBuffered: 8_388_608, maxMessage: 4_194_304 } },
    impossible: { limits: { maxBuffered: 8_388_608, maxMessage: 4_194_305 } },
  },
  {
    says: "at least 4 KiB for each of `maxCalls`",
    possible: { limits: { maxBuffered: 8_388_608, maxCalls: 2_048 } },
    impossible: { limits: { maxBuffered: 8_388_608, maxCalls: 2_049 } },
  },
  {
    says: "`maxWindow` is at least `window`",
    possible: { limits: { window: 131_072, maxWindow: 131_072 } },
    impossible: { limits: { window: 131_072, maxWindow: 131_071 } },
  },
  {
    says: "`deadAfter` is more than `heartbeat`",
    possible: { heartbeat: 1_000, deadAfter: 1_001 },
    impossible: { heartbeat: 1_000, deadAfter: 1_000 },
  },
];

test.each(pairs)("docs/limits.md says, and resolveLimits checks: $says", ({ says, possible, impossible }) => {
  expect(page.replaceAll("\n", " ")).toContain(says);
  expect(() => resolveLimits(possible)).not.toThrow();
  expect(() => resolveLimits(impossible)).toThrow(RangeError);
});
