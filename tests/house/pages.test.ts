/** The project's pages name files that exist, and the index of `docs/` names every page. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { repository } from "./planted-tree.ts";

/** Markdown files of a folder, as paths from the repository. */
function pagesIn(folder: string): string[] {
  if (!existsSync(join(repository, folder))) return [];
  return readdirSync(join(repository, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name));
}

function foldersIn(folder: string): string[] {
  if (!existsSync(join(repository, folder))) return [];
  const entries = readdirSync(join(repository, folder), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name));
}

const pages = [".", "docs", "bench", "tests", ...foldersIn("packages"), ...foldersIn("recipes")].flatMap(
  pagesIn,
);

/** A page's text outside of fenced blocks. */
function proseOf(page: string): string {
  return readFileSync(join(repository, page), "utf8").replaceAll(/^( *)(```|~~~)[\s\S]*?^\1\2/gm, "");
}

/** The anchors that a page's headings get, as GitHub makes them. */
function anchorsOf(page: string): string[] {
  return [...proseOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replaceAll(/\s/g, "-"),
  );
}

describe.each(pages)("%s", (page) => {
  test("links to files and headings that exist", () => {
    const links = [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
    const broken = links
      .filter((link) => !/^[a-z]+:/.test(link))
      .filter((link) => {
        const [path = "", anchor] = link.split("#");
        const target = path === "" ? page : join(dirname(page), path);
        if (!existsSync(join(repository, target))) return true;
        return anchor !== undefined && target.endsWith(".md") && !anchorsOf(target).includes(anchor);
      });
    expect(broken).toEqual([]);
  });
});

test("ARCHITECTURE.md names files and folders that exist", () => {
  const [prose = ""] = proseOf("ARCHITECTURE.md").split("<!-- map:");
  const named = [...prose.matchAll(/`([\w-]+(?:\/[\w.-]+)*\/(?:[\w-]+\.\w+)?)`/g)].map(
    ([, path = ""]) => path,
  );
  expect(named.length).toBeGreaterThan(20);
  const missing = named.filter((path) => {
    const floors = `packages/protocol/src/${path}`;
    return ![path, `packages/${path}`, floors].some((candidate) => existsSync(join(repository, candidate)));
  });
  expect(missing).toEqual([]);
});

test("docs/README.md links to every page of docs/", () => {
  const index = proseOf("docs/README.md");
  const unlisted = readdirSync(join(repository, "docs"))
    .filter((name) => name.endsWith(".md") && name !== "README.md")
    .filter((name) => !index.includes(`](./${name})`));
  expect(unlisted).toEqual([]);
});
