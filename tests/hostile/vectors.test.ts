/** Every malformed frame of docs/wire-vectors.json ends its session with the code that the page says, and nothing else. */
import { readFileSync } from "node:fs";
import { rawJoin } from "@sluice/protocol/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { growth, KiB, Victim } from "./victim.ts";

interface Malformed {
  readonly name: string;
  readonly hex: string;
  readonly code: string;
}

const { malformed, ignored } = JSON.parse(
  readFileSync(new URL("../../docs/wire-vectors.json", import.meta.url), "utf8"),
) as { readonly malformed: readonly Malformed[]; readonly ignored: readonly Omit<Malformed, "code">[] };

/** `61*3 0a` is 61 61 61 0a. */
function unhex(hex: string): Uint8Array {
  return rawJoin(
    ...hex.split(" ").map((part) => {
      const [digits = "", times] = part.split("*");
      const bytes = new Uint8Array(Buffer.from(digits, "hex"));
      return times === undefined ? bytes : new Uint8Array(Number(times)).fill(bytes[0] as number);
    }),
  );
}

let victim: Victim;
beforeAll(async () => {
  victim = await Victim.start();
});
afterEach(() => victim.dropAttackers());
afterAll(() => victim.stop());

/** Sends `bytes` inside a session. Gives the code of CLOSE. */
async function codeAfter(bytes: Uint8Array): Promise<unknown> {
  const peer = await victim.session();
  peer.sendBytes(bytes);
  const { code } = await peer.closing();
  return code;
}

describe("malformed frames", () => {
  test("there are vectors", () => {
    expect(malformed.length).toBeGreaterThan(200);
  });

  test.each(malformed)("$name: $code", async ({ hex, code }) => {
    expect(await codeAfter(unhex(hex))).toBe(code);
  });

  test("all of them at once harm no other session, and keep no memory", async () => {
    const attack = async (): Promise<void> => {
      for (let at = 0; at < malformed.length; at += 20) {
        await Promise.all(malformed.slice(at, at + 20).map(({ hex }) => codeAfter(unhex(hex))));
      }
    };
    await attack();
    const { before, after, calls } = await victim.unharmedBy(attack);
    expect(calls).toBeGreaterThan(10);
    expect(growth(before, after).heldKiB).toBeLessThan(KiB);
  });
});

describe("frames without effect", () => {
  test.each(ignored)("$name", async ({ hex }) => {
    const peer = await victim.session();
    peer.sendBytes(unhex(hex));
    expect(await peer.request("echo", "next")).toEqual({ result: "next" });
  });
});
