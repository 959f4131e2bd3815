/** X34: promises that user code leaves behind, and that reject: the process hears of each once, of no other, and no call suffers. */
import { inChild } from "@sluice/protocol/testing/node";
import { expect, test } from "vitest";
import { builtProgram } from "../built-program.ts";
import { childOptions } from "./victim.ts";

test("X34 a rejection that user code leaves behind is neither swallowed nor doubled nor joined by one of the toolkit's", async () => {
  const child = inChild(
    builtProgram(new URL("./children/stray-rejections.ts", import.meta.url)),
    childOptions,
  );
  const { seen, ends } = (await child.message()) as { seen: string[]; ends: unknown[] };
  expect(ends).toEqual(["fine", "INTERNAL", 1, 2, "streamed", "hello", "over", "left at 1"]);
  const of = (...names: string[]): string[] => names.map((name) => `Error: ${name}`);
  const middleware = Array.from({ length: 6 }, () => "server middleware");
  expect(seen.filter((text) => !text.includes("stream goes on")).sort()).toEqual(
    of(
      "authenticate",
      "channel hello",
      "context",
      "credentials",
      "event happened",
      "reader 1",
      "reader 2",
      "request fine",
      "request throws",
      "server listener",
      ...middleware,
      "stream begins",
      "stream begins",
    ),
  );
  // The one that is left may have gone on, or not.
  expect(seen.filter((text) => text.includes("stream goes on")).length).toBeGreaterThanOrEqual(1);
  expect(await child.end()).toMatchObject({ code: 0, stderr: "" });
});
