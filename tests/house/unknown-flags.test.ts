/** Scripts that take minutes say what they know when they are asked for something else, instead of beginning. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { repository } from "./planted-tree.ts";

test.each(["mutation", "mutants", "conformance-report", "runtimes-suite"])(
  "%s begins nothing when it is asked for what it does not know",
  (name) => {
    const args = [join(repository, `scripts/${name}.mjs`), "--help"];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toMatch(/^Unknown --help; there are --/);
  },
);
