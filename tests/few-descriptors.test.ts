/** X61: a server whose process has no descriptor left for another socket. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect as connectNet, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { connect } from "@sluice/client";
import { finishesCleanly } from "@sluice/protocol/testing/node";
import { expect, test } from "vitest";
import { builtProgram } from "./built-program.ts";

const quiet = {
  reconnect: { initial: 5, max: 20 },
  logger: { trace() {}, debug() {}, info() {}, warn() {}, error() {} },
};
const protocol = {
  count: { type: "stream", receive: { type: "integer" } },
  hello: { type: "request", result: { type: "string" } },
} as const;

/** A process that may have 400 descriptors. */
function startServer(address: string): ChildProcess {
  const script = fileURLToPath(builtProgram(new URL("children/few-descriptors.ts", import.meta.url)));
  const command = [process.execPath, script, address];
  const inShell = ["-c", 'ulimit -n 400 && exec "$@"', "sh", ...command];
  return spawn("sh", inShell, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
}

test("X61 streams go on, peers that find no descriptor are cut off at once, and new ones are served when some are free again", () =>
  finishesCleanly(async () => {
    const folder = mkdtempSync(join(tmpdir(), "few-"));
    const path = join(folder, "server.sock");
    const child = startServer(`unix:${path}`);
    const client = await connect(`unix:${path}`, { protocol, ...quiet });
    try {
      expect((await once(child, "message"))[0]).toBe("listening");
      const items = client.stream("count")[Symbol.asyncIterator]();
      let last = 0;
      const takes = async (count: number): Promise<void> => {
        for (let n = 0; n < count; n++) {
          const { value } = await items.next();
          expect(value).toBe(++last);
        }
      };
      await takes(1_000);

      const crowd: Socket[] = [];
      let cutOff = 0;
      const all = Array.from({ length: 600 }, () => {
        const socket = connectNet(path);
        crowd.push(socket);
        socket.on("error", () => {});
        socket.once("close", () => cutOff++);
        socket.resume();
        return once(socket, "connect");
      });
      await Promise.allSettled(all);
      await takes(1_000);
      while (cutOff === 0) await takes(100);
      expect(cutOff).toBeLessThan(600); // as many as there was room for are served

      for (const socket of crowd) socket.destroy();
      const late = await connect(`unix:${path}`, { protocol, ...quiet });
      expect(await late.request("hello")).toBe("hello");
      await late.dispose();
      await takes(1_000);
    } finally {
      await client.dispose();
      child.send("end");
      expect(await once(child, "exit")).toEqual([0, null]);
      rmSync(folder, { recursive: true });
    }
  }));
