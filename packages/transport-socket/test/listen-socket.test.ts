/** Listening: addresses that are free, files that are stale, files that are somebody's. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { connectedSocket, finishesCleanly, inChild } from "@sluice/protocol/testing/node";
import { type Link, SluiceError } from "@sluice/protocol/wire";
import { type ListenSocketOptions, listenSocket } from "@sluice/transport-socket";
import { describe, expect, inject, onTestFinished, test } from "vitest";
import { temporaryFolder } from "./temporary-folder.ts";

const listenInWorker = join(
  inject("programs"),
  "packages/transport-socket/test/children/listen-in-worker.mjs",
);

/** Listens until the test is over. Gives the address and the links that come. */
async function listen(options: ListenSocketOptions): Promise<{ address: string; links: Link[] }> {
  const links: Link[] = [];
  const listener = listenSocket(options);
  const address = await listener.listen((link) => links.push(link));
  onTestFinished(async () => {
    for (const link of links) link.destroy();
    await listener.close();
  });
  return { address, links };
}

/** The code with which listening fails. */
async function refusal(options: ListenSocketOptions): Promise<string> {
  try {
    await listenSocket(options).listen(() => {});
  } catch (reason) {
    if (SluiceError.is(reason)) {
      expect(reason.processed).toBe("no");
      return reason.code;
    }
    throw reason;
  }
  return "no refusal";
}

describe("a Unix socket", () => {
  test("is there when listen() resolves, and gone after close()", async () => {
    const path = join(temporaryFolder(), "app.sock");
    const listener = listenSocket({ path });
    expect(existsSync(path)).toBe(false);
    expect(await listener.listen(() => {})).toBe(`unix:${path}`);
    expect(lstatSync(path).isSocket()).toBe(true);
    await listener.close();
    expect(existsSync(path)).toBe(false);
    await listener.close();
  });

  test("that a killed server left is replaced", async () => {
    const path = join(temporaryFolder(), "stale.sock");
    const child = inChild(new URL("./children/hold-socket.mjs", import.meta.url), {
      execArgv: [],
      args: [path],
    });
    expect(await child.message()).toBe("listening");
    await child.kill();
    expect(lstatSync(path).isSocket()).toBe(true);
    const { address, links } = await listen({ path });
    const socket = await connectedSocket(address);
    onTestFinished(() => void socket.destroy());
    while (links.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(links[0]?.info).toEqual({ transport: "unix" });
  });

  test("of a dead server is taken by one of two who find it at once", async () => {
    for (let round = 0; round < 10; round++) {
      const path = join(temporaryFolder(), "raced.sock");
      const child = inChild(new URL("./children/hold-socket.mjs", import.meta.url), {
        execArgv: [],
        args: [path],
      });
      await child.message();
      await child.kill();
      const listeners = [listenSocket({ path }), listenSocket({ path })];
      const outcomes = await Promise.allSettled(listeners.map((one) => one.listen(() => {})));
      expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
      (await connectedSocket(`unix:${path}`)).destroy();
      for (const listener of listeners) await listener.close();
    }
  });

  test("that a server answers at is not taken", async () => {
    const path = join(temporaryFolder(), "busy.sock");
    const { address } = await listen({ path });
    const { ino } = statSync(path);
    expect(await refusal({ path })).toBe("ALREADY_EXISTS");
    expect(statSync(path).ino).toBe(ino);
    (await connectedSocket(address)).destroy();
  });

  test("may be listened at again after close(), while links of before live on", async () => {
    const path = join(temporaryFolder(), "again.sock");
    const links: Link[] = [];
    const first = listenSocket({ path });
    const socket = await connectedSocket(await first.listen((link) => links.push(link)));
    while (links.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await first.close();
    await listen({ path });
    const echoed = new Promise<Buffer>((resolve) => socket.once("data", resolve));
    links[0]?.receive({ frame() {}, malformed() {}, flushing() {}, writable() {}, closed() {} });
    links[0]?.send({ type: 12, call: 0, answer: false, nonce: 7 });
    expect((await echoed).length).toBe(13);
    socket.destroy();
    expect(lstatSync(path).isSocket()).toBe(true);
  });

  test("is never made out of a file, a folder or a link, and none of them is removed", async () => {
    const folder = temporaryFolder();
    const at = (name: string): string => join(folder, name);
    writeFileSync(at("file"), "precious");
    mkdirSync(at("folder"));
    symlinkSync(at("file"), at("to-file"));
    symlinkSync(at("nothing"), at("to-nothing"));
    await listen({ path: at("live.sock") });
    symlinkSync(at("live.sock"), at("to-socket"));
    for (const name of ["file", "folder", "to-file", "to-nothing", "to-socket"]) {
      expect([name, await refusal({ path: at(name) })]).toEqual([name, "ALREADY_EXISTS"]);
    }
    expect(readFileSync(at("file"), "utf8")).toBe("precious");
    expect(statSync(at("folder")).isDirectory()).toBe(true);
    for (const name of ["to-file", "to-nothing", "to-socket"])
      expect(lstatSync(at(name)).isSymbolicLink()).toBe(true);
    expect(existsSync(at("nothing"))).toBe(false);
  });

  test("is its user's alone from the first moment on", async () => {
    const folder = temporaryFolder();
    const modes: unknown[] = [];
    for (let round = 0; round < 5; round++) {
      const path = join(folder, `private-${round}.sock`);
      const watcher = inChild(new URL("./children/first-mode.mjs", import.meta.url), {
        execArgv: [],
        args: [path],
      });
      expect(await watcher.message()).toBe("watching");
      await listen({ path });
      modes.push(await watcher.message());
      watcher.disconnect();
      await watcher.end();
    }
    expect(modes).toEqual([0o600, 0o600, 0o600, 0o600, 0o600]);
  });

  test("leaves the process's umask as it was", async () => {
    const before = process.umask();
    await listen({ path: join(temporaryFolder(), "umask.sock") });
    await refusal({ path: join(temporaryFolder(), "missing", "umask.sock") });
    expect(process.umask()).toBe(before);
  });

  test("is its user's alone when a worker made it", async () => {
    const path = join(temporaryFolder(), "worker.sock");
    const worker = new Worker(listenInWorker, { argv: [path] });
    await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await worker.terminate();
  });

  test("has a path that the system takes whole: 107 bytes, no more", async () => {
    const folder = temporaryFolder();
    const pathOf = (bytes: number): string => join(folder, "x".repeat(bytes - folder.length - 1));
    expect(Buffer.byteLength(pathOf(107))).toBe(107);
    await listen({ path: pathOf(107) });
    for (const path of [pathOf(108), pathOf(120), join(folder, "ž".repeat(53))]) {
      expect(() => listenSocket({ path })).toThrow(
        expect.objectContaining({
          code: "INVALID_ARGUMENT",
          message: expect.stringContaining("at most 107"),
        }),
      );
      expect(existsSync(path)).toBe(false);
      expect(existsSync(path.slice(0, 107))).toBe(path === pathOf(108) || path === pathOf(120));
    }
  });

  test("in a folder that is not there is NOT_FOUND", async () => {
    expect(await refusal({ path: join(temporaryFolder(), "missing", "app.sock") })).toBe("NOT_FOUND");
  });
});

describe("a TCP port", () => {
  test("is a free one if it is 0, and belongs to this machine only", async () => {
    const { address, links } = await listen({ port: 0 });
    expect(address).toMatch(/^tcp:\/\/127\.0\.0\.1:[1-9]\d*$/);
    const socket = await connectedSocket(address);
    onTestFinished(() => void socket.destroy());
    while (links.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(links[0]?.info).toEqual({ transport: "tcp", remote: `tcp://127.0.0.1:${socket.localPort}` });
    const port = address.split(":").at(-1);
    const others = Object.values(networkInterfaces()).flatMap((list) =>
      (list ?? []).filter(({ family, internal }) => family === "IPv4" && !internal).map((one) => one.address),
    );
    for (const host of ["127.0.0.2", ...others]) {
      await expect(connectedSocket(`tcp://${host}:${port}`)).rejects.toThrow("ECONNREFUSED");
    }
  });

  test("may be on another interface, if that is said", async () => {
    expect((await listen({ host: "127.0.0.2", port: 0 })).address).toMatch(/^tcp:\/\/127\.0\.0\.2:/);
    expect((await listen({ host: "::1", port: 0 })).address).toMatch(/^tcp:\/\/\[::1\]:/);
  });

  test("that somebody has is not taken", async () => {
    const { address } = await listen({ port: 0 });
    expect(await refusal({ port: Number(address.split(":").at(-1)) })).toBe("ALREADY_EXISTS");
  });
});

describe("listenSocket", () => {
  test("needs a path or a port, not both", () => {
    expect(() => listenSocket({})).toThrow(TypeError);
    expect(() => listenSocket({ path: "x", port: 1 })).toThrow(TypeError);
  });

  test("listens once at a time, and again after a failure or close()", async () => {
    const path = join(temporaryFolder(), "once.sock");
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(path, resolve));
    const listener = listenSocket({ path });
    await expect(listener.listen(() => {})).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    await new Promise((resolve) => squatter.close(resolve));
    await listener.listen(() => {});
    await expect(listener.listen(() => {})).rejects.toThrow(TypeError);
    await listener.close();
    await listener.listen(() => {});
    await listener.close();
  });

  test("leaves nothing behind", async () => {
    const path = join(temporaryFolder(), "clean.sock");
    await finishesCleanly(async () => {
      for (const options of [{ path }, { port: 0 }]) {
        const listener = listenSocket(options);
        const links: Link[] = [];
        const socket = await connectedSocket(await listener.listen((link) => links.push(link)));
        while (links.length === 0) await new Promise((resolve) => setImmediate(resolve));
        for (const link of links) link.destroy();
        socket.destroy();
        await listener.close();
      }
      await refusal({ path: join(path, "under-a-file") });
    });
  });
});
