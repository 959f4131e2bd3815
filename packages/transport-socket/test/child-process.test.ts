/** Peers over standard streams: a child that serves, one that calls, and all the ways in which a child may end. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { Client } from "@sluice/client";
import { FakeClock } from "@sluice/protocol/testing";
import type { SluiceError } from "@sluice/protocol/wire";
import { Server } from "@sluice/server";
import { childProcessTransport } from "@sluice/transport-socket";
import { describe, expect, inject, onTestFinished, test } from "vitest";
import { StreamDuplex } from "../src/stream-duplex.ts";
import { protocol } from "./stdio-protocol.ts";

const plain = (name: string): string => fileURLToPath(new URL(`./children/${name}.mjs`, import.meta.url));
const stdioPeer = join(inject("programs"), "packages/transport-socket/test/children/stdio-peer.mjs");
const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

interface Started {
  readonly child: ChildProcess;
  /** What it has written to stderr until now. */
  stderr(): string;
  /** Its exit code, or the signal that ended it. */
  readonly exit: Promise<number | string>;
}

function start(program: string, ...args: string[]): Started {
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ["pipe", "pipe", "pipe", "ipc"],
  });
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const exit = once(child, "close").then(([code, signal]) => (signal ?? code) as number | string);
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exit;
  });
  return { child, stderr: () => stderr, exit };
}

function clientOf(
  transport: ReturnType<typeof childProcessTransport>,
  options = {},
): Client<typeof protocol> {
  const client = new Client({ protocol, transport: transport as never, logger: silent, ...options });
  onTestFinished(() => client.dispose());
  return client;
}

describe("a child that serves", () => {
  test("is called, streams, keeps what it prints out of the link, and ends when the client does", async () => {
    const { child, stderr, exit } = start(stdioPeer, "serve");
    const transport = childProcessTransport(child);
    const client = clientOf(transport);
    expect(await client.request("add", { param: [1, 2] })).toBe(3);
    const call = client.stream("count", { param: 20_000 });
    let sum = 0;
    for await (const n of call) sum += n;
    expect([sum, await call]).toEqual([200_010_000, "done"]);
    await client.dispose();
    await transport.dispose();
    expect(await exit).toBe(0);
    expect(stderr()).toBe("adding 1 and 2\nsaid past the console\n");
  });

  test("listens at stdio:", async () => {
    const { child, stderr } = start(stdioPeer, "listen");
    const client = clientOf(childProcessTransport(child));
    expect(await client.request("add", { param: [2, 3] })).toBe(5);
    expect(stderr()).toContain("stdio:\n");
  });

  test("feels a reader that stops", async () => {
    const { child } = start(stdioPeer, "serve");
    let produced = 0;
    const client = clientOf(childProcessTransport(child), {
      handlers: {
        produced({ data }: { data: number }) {
          produced = data;
        },
      },
    });
    const call = client.stream("flood");
    const reader = call.readable.getReader();
    await reader.read();
    let last = -1;
    for (let still = 0; still < 50; still = produced === last ? still + 1 : 0) {
      last = produced;
      // A round trip: what was on its way has come.
      await client.request("add", { param: [1, 1] });
    }
    expect(produced * 16 * 1024).toBeLessThan(1024 * 1024);
    for (let count = 0; count < 200; count++) await reader.read();
    expect(produced).toBeGreaterThan(last);
    await reader.cancel();
  });
});

describe("a child that calls", () => {
  test("is served", async () => {
    const { child, stderr, exit } = start(stdioPeer, "call");
    const server = new Server({
      protocol: { add: protocol.add },
      public: true,
      handlers: { add: ({ param }: { param: readonly number[] }) => param.reduce((a, b) => a + b, 0) },
    });
    onTestFinished(() => server.dispose());
    server.handle(childProcessTransport(child));
    expect(await exit).toBe(0);
    expect(stderr()).toBe("the sum is 42\n");
  });
});

describe("a child that ends", () => {
  test.each([
    ["with a code", "code", "the child process has exited with code 3"],
    ["by a signal", "signal", "the child process was ended by SIGTERM"],
  ])("%s fails its calls with that, for good", async (_, how, message) => {
    const { child } = start(stdioPeer, "serve");
    const client = clientOf(childProcessTransport(child));
    const items: number[] = [];
    const call = client.stream("fail", { param: how });
    const error = await (async () => {
      for await (const n of call) items.push(n);
    })().catch((reason: unknown) => reason);
    expect(items).toEqual([1, 2]);
    expect(error).toMatchObject({ code: "UNAVAILABLE", cause: { code: "UNAVAILABLE", message } });
    await expect(client.request("add", { param: [1] })).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: `Cannot connect: ${message}`,
    });
    expect(client.status).toBe("closed");
  });

  test("is started anew where a function starts it", async () => {
    const started: Started[] = [];
    const transport = childProcessTransport(() => {
      const next = start(stdioPeer, "serve");
      started.push(next);
      return next.child;
    });
    const client = clientOf(transport, { reconnect: { initial: 1, jitter: "none" } });
    await client
      .stream("fail", { param: "code" })
      .drain()
      .catch(() => {});
    expect(await client.request("add", { param: [4, 5] })).toBe(9);
    expect(started.length).toBe(2);
  });

  test("before it speaks is an error with its exit", async () => {
    const child = spawn(process.execPath, ["-e", "process.exit(7)"], { stdio: ["pipe", "pipe", "inherit"] });
    const client = clientOf(childProcessTransport(child), { reconnect: false });
    await expect(client.ready).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("the child process has exited with code 7"),
    });
  });

  test("that never was is an error with the reason", async () => {
    const child = spawn("/nowhere/program", { stdio: ["pipe", "pipe", "inherit"] });
    const client = clientOf(childProcessTransport(child), { reconnect: false });
    await expect(client.ready).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("Cannot start the child process: ENOENT"),
    });
  });
});

describe("a child that does not speak the protocol", () => {
  test("is named by what it says, for good", async () => {
    const { child } = start(plain("prints-text"));
    const client = clientOf(childProcessTransport(child));
    await expect(client.ready).rejects.toMatchObject({
      code: "PROTOCOL_ERROR",
      message: expect.stringContaining(
        'The child process does not speak Sluice: it sent "Listening on port 3000\\n"',
      ),
    });
    expect(client.status).toBe("closed");
  });

  test.each([
    ["stdin", ["ignore", "pipe", "ignore"]],
    ["stdout", ["pipe", "inherit", "ignore"]],
  ] as const)("for want of %s is refused at once, with what to do", async (name, stdio) => {
    const child = spawn(process.execPath, ["-e", ""], { stdio: [...stdio] });
    expect(() => childProcessTransport(child)).toThrow(
      new TypeError(
        `childProcessTransport needs the child's ${name}: start it with { stdio: ["pipe", "pipe", "inherit"] }`,
      ),
    );
    const transport = childProcessTransport(() => child);
    await expect(transport.connect()).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    if (child.exitCode === null) await once(child, "exit");
  });

  test("as bytes is refused at once", async () => {
    const child = spawn(process.execPath, ["-e", ""], { stdio: ["pipe", "pipe", "inherit"] });
    child.stdout.setEncoding("utf8");
    expect(() => childProcessTransport(child)).toThrow(TypeError);
    if (child.exitCode === null) await once(child, "exit");
  });
});

describe("dispose", () => {
  test("ends the child's stdin and kills nobody", async () => {
    const { child, exit } = start(plain("stubborn"));
    await once(child, "message");
    const transport = childProcessTransport(child);
    await transport.connect();
    await transport.dispose();
    expect(child.stdin?.writableEnded).toBe(true);
    expect([child.exitCode, child.signalCode, child.killed]).toEqual([null, null, false]);
    await expect(transport.connect()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    child.kill("SIGKILL");
    await exit;
  });

  test("with killAfter asks a child to end, then makes it, and waits for that", async () => {
    const { child, exit } = start(plain("stubborn"));
    await once(child, "message");
    const clock = new FakeClock();
    const transport = childProcessTransport(child, { killAfter: 500, clock });
    await transport.connect();
    let isDisposed = false;
    const disposed = transport.dispose().then(() => {
      isDisposed = true;
    });
    while (clock.armedTimers < 2) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(499);
    expect(child.killed).toBe(false);
    const refusal = once(child, "message");
    await clock.advance(1);
    expect(child.killed).toBe(true);
    await refusal;
    expect([child.exitCode, child.signalCode, isDisposed]).toEqual([null, null, false]);
    await clock.advance(500);
    await disposed;
    expect(await exit).toBe("SIGKILL");
    expect(clock.armedTimers).toBe(0);
  });
});

describe("the standard streams of a process", () => {
  test("are one link's, once", async () => {
    const { stderr, exit } = start(stdioPeer, "twice");
    expect(await exit).toBe(0);
    expect(stderr()).toBe("FAILED_PRECONDITION,FAILED_PRECONDITION\n");
  });

  test("are no link's when they are a terminal", async () => {
    const { stderr, exit } = start(stdioPeer, "terminal");
    expect(await exit).toBe(0);
    expect(stderr()).toMatch(/^FAILED_PRECONDITION Cannot use stdio: stdin or stdout is a terminal/);
  });
});

describe("StreamDuplex", () => {
  function made(clock = new FakeClock()): {
    readonly duplex: StreamDuplex;
    readonly input: PassThrough;
    readonly output: PassThrough;
    readonly ends: (SluiceError | undefined)[];
    readonly clock: FakeClock;
  } {
    const input = new PassThrough();
    const output = new PassThrough();
    const ends: (SluiceError | undefined)[] = [];
    const duplex = new StreamDuplex({ peer: "The peer", input, output, clock });
    duplex.start({ data() {}, drained() {}, closed: (error) => ends.push(error) });
    return { duplex, input, output, ends, clock };
  }
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  test("asks to wait once 64 KiB lie in the stream, and says when they do no more", async () => {
    let take: (() => void) | undefined;
    let drained = 0;
    const output = new Writable({
      write(_chunk, _encoding, done) {
        take = done;
      },
    });
    const duplex = new StreamDuplex({ peer: "The peer", input: new PassThrough(), output });
    duplex.start({ data() {}, drained: () => void drained++, closed() {} });
    const answers = Array.from({ length: 8 }, () => duplex.write([new Uint8Array(16 * 1024)]));
    expect([answers[0], answers.at(-1), drained]).toEqual([true, false, 0]);
    for (let count = 0; count < 8; count++) {
      take?.();
      await turn();
    }
    expect(drained).toBe(1);
    expect(duplex.write([new Uint8Array(1), new Uint8Array(2)])).toBe(true);
    duplex.destroy();
  });

  test("hears errors of both streams from the first moment to the last, and says its end once", async () => {
    const { input, output, ends } = made();
    output.destroy(Object.assign(new Error("broken"), { code: "EPIPE" }));
    input.destroy(Object.assign(new Error("reset"), { code: "ECONNRESET" }));
    for (let count = 0; count < 5; count++) await turn();
    expect(ends).toEqual([
      expect.objectContaining({ code: "UNAVAILABLE", message: "The peer was lost: EPIPE" }),
    ]);
    input.emit("error", new Error("even after the end"));
    output.emit("error", new Error("even after the end"));
  });

  test("that reads no more, and whose rest is not taken, is over after 5 s", async () => {
    const { input, output, ends, clock } = made();
    output.write(new Uint8Array(1024 * 1024));
    input.end();
    for (let count = 0; count < 5; count++) await turn();
    expect(output.writableEnded).toBe(true);
    await clock.advance(4_999);
    expect(ends).toEqual([]);
    await clock.advance(1);
    expect(ends).toEqual([undefined]);
  });

  test("that is over sets no timer, or none any more", async () => {
    for (const first of ["input", "output"] as const) {
      const { input, output, ends, clock } = made();
      if (first === "input") input.end();
      else output.end();
      for (let count = 0; count < 5; count++) await turn();
      input.destroy();
      output.destroy();
      for (let count = 0; count < 5; count++) await turn();
      expect([ends, clock.armedTimers]).toEqual([[undefined], 0]);
    }
  });

  test("that was over before it is read says so once", async () => {
    const input = new PassThrough();
    const output = new PassThrough();
    const duplex = new StreamDuplex({ peer: "The peer", input, output });
    input.destroy();
    output.destroy();
    for (let count = 0; count < 5; count++) await turn();
    let closed = 0;
    duplex.start({ data() {}, drained() {}, closed: () => void closed++ });
    for (let count = 0; count < 5; count++) await turn();
    expect(closed).toBe(1);
  });
});
