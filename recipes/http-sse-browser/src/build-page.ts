/** The page's files, made by Vite in memory. */
import { fileURLToPath } from "node:url";
import { build, defaultClientConditions } from "vite";

export interface PageFile {
  readonly type: string;
  readonly body: string | Uint8Array<ArrayBuffer>;
}

const types: Record<string, string> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

/** The files of `page/` by their paths: `/` is index.html. The page's client connects to `apiUrl`. */
export async function buildPage(apiUrl: string): Promise<ReadonlyMap<string, PageFile>> {
  const built = await build({
    root: fileURLToPath(new URL("../page", import.meta.url)),
    configFile: false,
    logLevel: "warn",
    define: { apiUrl: JSON.stringify(apiUrl) },
    resolve: { conditions: ["@sluice/source", ...defaultClientConditions] },
    build: {
      write: false,
      target: "es2022",
      assetsInlineLimit: 0, // no `data:` addresses: the page's policy knows none
      modulePreload: { polyfill: false },
    },
  });
  if (!("output" in built)) throw new Error("Vite has built more than one page, or watches");
  return new Map(
    built.output.map((file) => {
      const name = file.fileName;
      const body = file.type === "chunk" ? file.code : (file.source as PageFile["body"]);
      const type = types[name.slice(name.lastIndexOf(".") + 1)] ?? "application/octet-stream";
      return [name === "index.html" ? "/" : `/${name}`, { type, body }];
    }),
  );
}
