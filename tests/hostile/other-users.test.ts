/** REL-F16: another user of the machine at a Unix socket and at a raw pipe of ours. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { servePipe } from "@sluice/transport-socket";
import { afterAll, beforeAll, expect, test } from "vitest";
import { growth, KiB, Victim } from "./victim.ts";

let victim: Victim;
beforeAll(async () => {
  victim = await Victim.start();
});
afterAll(() => victim.stop());

/** A program that connects to the path of its argument and prints what becomes of it. */
const connecting = `
const socket = require("node:net").connect(process.argv[1]);
socket.on("connect", () => { console.log("connected"); socket.destroy(); });
socket.on("error", (error) => console.log(error.code));
`;

/** What happens to a process of user `uid` that connects to `path`. */
function connectAs(uid: number, path: string): string {
  const { stdout, stderr } = spawnSync(process.execPath, ["-e", connecting, path], {
    uid,
    gid: uid,
    cwd: "/",
    encoding: "utf8",
  });
  return `${stdout}${stderr}`.trim();
}

const nobody = 65_534;
const isRoot = process.getuid?.() === 0;

test("REL-F16 another user is refused by the system, whatever folder the socket is in; its owner is served", async () => {
  const path = victim.address.slice("unix:".length);
  const pipes = mkdtempSync(join(tmpdir(), "pipes-"));
  const pipePath = join(pipes, "pipe.sock");
  const server = await servePipe(`unix:${pipePath}`, () => {});
  // Everybody may pass through the folders: only the sockets themselves are in the way.
  for (const folder of [join(path, ".."), pipes]) chmodSync(folder, 0o755);
  const before = await victim.report();
  const calls = await victim.besideHonest(async () => {
    for (const one of [path, pipePath]) {
      const { mode, uid } = statSync(one);
      expect([mode & 0o777, uid]).toEqual([0o600, process.getuid?.()]);
      // Nobody but root can become another user; elsewhere the mode is what the system goes by.
      if (isRoot) expect(connectAs(nobody, one)).toBe("EACCES");
    }
  });
  expect(calls).toBeGreaterThan(0);
  expect((await victim.report()).connections).toBe(1);
  expect(growth(before, await victim.report()).heldKiB).toBeLessThan(KiB);
  await server.close();
  rmSync(pipes, { recursive: true });
});
