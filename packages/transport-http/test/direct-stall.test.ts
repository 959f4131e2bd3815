/** One reader that has stopped among a hundred: what is held for it, and what becomes of the others. */
import { spawn } from "node:child_process";
import type { Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { directWorld } from "./direct-world.ts";

const itemBytes = 1000;

/** Turns of the event loop until `read()` has not changed for a while. */
async function settledAt(read: () => number): Promise<number> {
  let last = -1;
  for (let still = 0; still < 200; still = read() === last ? still + 1 : 0) {
    last = read();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return last;
}

test("H12 a stalled curl -N holds at most its window at the server while 99 others get every item", async () => {
  const { http, post, seen, url } = await directWorld();
  const sockets: Socket[] = [];
  http.on("connection", (socket) => sockets.push(socket));
  const curl = spawn("curl", ["-sN", "--json", "", `${url}/flood`], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void curl.kill("SIGKILL"));
  await new Promise((resolve) => curl.stdout.once("data", resolve));
  curl.stdout.pause();
  curl.kill("SIGSTOP");
  const [flood] = seen.floods as [{ written: number }];
  await settledAt(() => flood.written);

  const items = 300;
  const others = Array.from({ length: 99 }, async () => {
    const text = await (await post("metrics/stream", String(items))).text();
    return text.split("\n\n").filter((event) => event.startsWith("data: ")).length;
  });
  const counts = await Promise.all(others);
  expect(new Set(counts)).toEqual(new Set([items]));

  // Nothing has moved for the one that stands still. What the system has taken is the system's; the rest is here.
  const written = await settledAt(() => flood.written);
  const socket = sockets[0] as Socket;
  const handedOver = socket.bytesWritten - socket.writableLength;
  const held = written * itemBytes - handedOver;
  expect(held).toBeLessThanOrEqual(64 * 1024 + 2 * 16 * 1024 + 2 * itemBytes);
  expect(socket.writableLength).toBeGreaterThan(0);

  // It goes on where it was, and its end is noticed.
  curl.stdout.resume();
  curl.kill("SIGCONT");
  await expect.poll(() => flood.written).toBeGreaterThan(written + 1000);
  const aborted = seen.nextAbort();
  curl.kill("SIGKILL");
  expect(await aborted).toBe("disconnected");
}, 30_000);
