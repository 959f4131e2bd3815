/** Raw pipes: bytes both ways, ends, pings, slow readers, and peers that are no pipes. */
import { once } from "node:events";
import { join } from "node:path";
import { SluiceError } from "@sluice/protocol";
import { FakeClock } from "@sluice/protocol/testing";
import { finishesCleanly } from "@sluice/protocol/testing/node";
import { encodePipeFrame, parseAddress } from "@sluice/protocol/wire";
import { openPipe, type Pipe, type PipeOptions, servePipe } from "@sluice/transport-socket";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { WebSocket } from "ws";
import { adaTls, clientTls, mutualTls, serverTls } from "./certificates.ts";
import { type PipeWorld, pipeWorlds } from "./pipe-far.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turn();
}

/** Both ends of a pipe. */
async function pairIn(
  { url }: PipeWorld,
  options: { near?: PipeOptions; far?: PipeOptions } = {},
): Promise<{ near: Pipe; far: Pipe }> {
  const arrived: Pipe[] = [];
  const server = await servePipe(url, (pipe) => arrived.push(pipe), options.far);
  const near = await openPipe(server.address, options.near);
  await until(() => arrived.length === 1);
  const far = arrived[0] as Pipe;
  onTestFinished(async () => {
    // Whatever state the test has left them in.
    for (const pipe of [near, far]) {
      await pipe.writable.abort().catch(() => {});
      await pipe.readable.cancel().catch(() => {});
    }
    await server.close();
  });
  return { near, far };
}

describe.each(pipeWorlds)("over $scheme", (world) => {
  const { scheme, url, endTimers, knowsStrangers, meet, breakOff } = world;
  const pair = (options: { near?: PipeOptions; far?: PipeOptions } = {}) => pairIn(world, options);

  describe("a pipe", () => {
    test("cuts what is larger than maxPayload, and reads no larger frame", async () => {
      const { near, far } = await pair({ near: { maxPayload: 1_000 } });
      await Promise.all([
        near.writable.getWriter().write(new Uint8Array(2_500)),
        far.writable.getWriter().write(bytes("hello")),
      ]);
      const reader = far.readable.getReader();
      const sizes: (number | undefined)[] = [];
      for (let count = 0; count < 3; count++) sizes.push((await reader.read()).value?.length);
      expect(sizes).toEqual([1_000, 1_000, 500]);
      reader.releaseLock();
      const strict = await pair({ far: { maxPayload: 4 } });
      await strict.near.writable.getWriter().write(bytes("five!"));
      await expect(strict.far.readable.getReader().read()).rejects.toMatchObject({ code: "FRAME_TOO_LARGE" });
      await expect(strict.near.readable.getReader().read()).rejects.toMatchObject({
        code: "FRAME_TOO_LARGE",
        origin: "remote",
      });
    });

    test("brings plain Uint8Arrays", async () => {
      const { near, far } = await pair();
      await near.writable.getWriter().write(bytes("plain"));
      const { value } = await far.readable.getReader().read();
      expect(value?.constructor).toBe(Uint8Array);
    });

    test("keeps nothing of a chunk that was written", async () => {
      const { near, far } = await pair();
      const chunk = bytes("before");
      const writer = near.writable.getWriter();
      await writer.write(chunk);
      chunk.fill(0);
      expect(text((await far.readable.getReader().read()).value)).toBe("before");
    });

    test("refuses what are no bytes, and tells the peer that it ends", async () => {
      const { near, far } = await pair();
      const written = near.writable.getWriter().write("text" as unknown as Uint8Array);
      await expect(written).rejects.toThrow(TypeError);
      await expect(far.readable.getReader().read()).rejects.toMatchObject({ code: "ABORTED" });
    });
  });

  describe("ends", () => {
    test("a closed writable is the end of the other readable, and of nothing else", async () => {
      const { near, far } = await pair();
      await near.writable.close();
      expect(await far.readable.getReader().read()).toEqual({ done: true, value: undefined });
      await far.writable.getWriter().write(bytes("still"));
      expect(text((await near.readable.getReader().read()).value)).toBe("still");
    });

    test("an aborted writable fails the other readable with its code, after what came before", async () => {
      const { near, far } = await pair();
      const writer = near.writable.getWriter();
      await writer.write(bytes("last"));
      const reader = far.readable.getReader();
      expect(text((await reader.read()).value)).toBe("last");
      await writer.abort(new SluiceError("DATA_LOSS", "the disk is gone"));
      await expect(reader.read()).rejects.toMatchObject({
        code: "DATA_LOSS",
        message: "the disk is gone",
        origin: "remote",
      });
    });

    test("a cancelled readable fails the other writable, and what was on its way is dropped", async () => {
      const { near, far } = await pair();
      const writer = far.writable.getWriter();
      await writer.write(bytes("unread"));
      await near.readable.cancel("enough");
      await expect(writer.closed).rejects.toMatchObject({
        code: "CANCELLED",
        message: "enough",
        origin: "remote",
      });
      await near.writable.getWriter().write(bytes("on"));
      expect(text((await far.readable.getReader().read()).value)).toBe("on");
    });

    test("close() sends what was written and ends both directions, also of streams that somebody holds", async () => {
      const { near, far } = await pair();
      const held = near.readable.getReader();
      await near.writable.getWriter().write(bytes("bye"));
      const reader = far.readable.getReader();
      const farWriter = far.writable.getWriter();
      const [, first, end] = await Promise.all([near.close(), reader.read(), reader.read()]);
      expect([text(first.value), end.done, (await held.read()).done]).toEqual(["bye", true, true]);
      await expect(farWriter.closed).rejects.toMatchObject({ code: "CANCELLED" });
      await Promise.all([near.closed, far.closed]);
      await near.close();
    });

    test("a peer's close without a side ends both", async () => {
      const { far, pipe } = await meet();
      const writer = pipe.writable.getWriter();
      writer.closed.catch(() => {});
      far.say(frameOf('{"type":"close"}'));
      expect((await pipe.readable.getReader().read()).done).toBe(true);
      await expect(writer.write(bytes("x"))).rejects.toMatchObject({ code: "CANCELLED" });
      await pipe.closed;
    });

    test("a peer that leaves without a close is a loss, not an end", async () => {
      const { far, pipe } = await meet();
      const reader = pipe.readable.getReader();
      far.leave();
      await expect(reader.read()).rejects.toMatchObject({ code: "UNAVAILABLE" });
      await expect(pipe.closed).rejects.toMatchObject({ code: "UNAVAILABLE" });
      await expect(pipe.writable.getWriter().write(bytes("x"))).rejects.toMatchObject({
        code: "UNAVAILABLE",
      });
    });

    test("a reset is a loss", async () => {
      const { far, pipe } = await meet();
      far.reset();
      await expect(pipe.closed).rejects.toMatchObject({
        code: "UNAVAILABLE",
        ...(scheme === "tcp" ? { cause: { code: "ECONNRESET" } } : {}),
      });
    });

    test("a peer that has everything and does not leave is left after 5 s", async () => {
      const clock = new FakeClock();
      const { far, pipe } = await meet({ clock });
      far.pause();
      let isOver = false;
      const closed = pipe.close().then(() => {
        isOver = true;
      });
      await until(() => clock.armedTimers === endTimers);
      await clock.advance(4_999);
      await turn();
      expect(isOver).toBe(false);
      await clock.advance(1);
      await closed;
      expect(clock.armedTimers).toBe(0);
    });
  });

  describe("a slow reader", () => {
    test("stops the writer, and gets everything when it reads again, although the writer has closed", async () => {
      const { near, far } = await pair();
      const writer = near.writable.getWriter();
      const chunk = new Uint8Array(64 * 1024).fill(7);
      let written = 0;
      const writing = (async () => {
        for (let count = 0; count < 800; count++) {
          await writer.write(chunk);
          written++;
        }
        await writer.close();
      })();
      let last = -1;
      for (let still = 0; still < 200; still = written === last ? still + 1 : 0) {
        last = written;
        await turn();
      }
      // What the kernel takes is its own affair; we keep a few windows.
      expect(written).toBeLessThan(400);
      let read = 0;
      for await (const part of far.readable) read += part.length;
      await writing;
      expect(read).toBe(800 * chunk.length);
    });

    test("gets everything of a pipe that was closed long ago", async () => {
      const clock = new FakeClock();
      const { near, far } = await pair({ near: { clock, pingInterval: false } });
      const writer = near.writable.getWriter();
      const chunk = new Uint8Array(1024 * 1024).fill(7);
      let sent = 0;
      let isStuck = false;
      const writing = (async () => {
        for (;;) {
          isStuck = true;
          await writer.write(chunk);
          isStuck = false;
          sent++;
        }
      })().catch(() => {});
      for (let last = -1, still = 0; still < 200; still = isStuck && sent === last ? still + 1 : 0) {
        last = sent;
        await turn();
      }
      const closing = near.close();
      await writing; // the write that was stuck has gone into the pipe
      for (let round = 0; round < 6; round++) {
        await clock.advance(10_000);
        for (let again = 0; again < 20; again++) await turn();
      }
      let read = 0;
      for await (const part of far.readable) read += part.length;
      expect(read).toBe(sent * chunk.length);
      await vi.waitFor(async () => {
        await clock.advance(100); // the near end looks whether all has gone out
        await Promise.race([closing, Promise.reject(new Error("still closing"))]);
      }, 30_000);
    });

    test("can be given up by the writer", async () => {
      const { near } = await pair();
      const writer = near.writable.getWriter();
      writer.closed.catch(() => {});
      const chunk = new Uint8Array(1024 * 1024);
      let isStuck = false;
      const writing = (async () => {
        for (;;) {
          isStuck = false;
          const write = writer.write(chunk);
          isStuck = true;
          await write;
        }
      })().catch((reason: unknown) => reason);
      for (let still = 0; still < 200; still = isStuck ? still + 1 : 0) await turn();
      await writer.abort(new Error("enough"));
      expect(await writing).toMatchObject({ message: "enough" });
    });

    test("does not make many small or empty frames free", async () => {
      const { far, pipe } = await meet();
      const empty = Buffer.concat(Array.from({ length: 10_000 }, () => encodePipeFrame({ type: "data" })));
      for (let count = 0; count < 600; count++) far.say(empty);
      const sent = far.unsent;
      let last = -1;
      for (let still = 0; still < 500; still = far.unsent === last ? still + 1 : 0) {
        last = far.unsent;
        await turn();
      }
      // The kernel takes its send and receive buffers full (36 MiB on some machines); nobody takes the rest.
      expect(sent).toBeGreaterThan(96 * 1024 * 1024);
      expect(last).toBeGreaterThan(64 * 1024 * 1024);
      await pipe.readable.cancel();
      await pipe.writable.abort();
    });
  });

  describe("pings", () => {
    test("are answered both ways, and timed", async () => {
      const { near, far } = await pair();
      for (const pipe of [near, far]) expect(await pipe.ping()).toBeGreaterThanOrEqual(0);
      await near.close();
      await expect(near.ping()).rejects.toMatchObject({ code: "CANCELLED" });
    });

    test("find out that nobody is there within two intervals", async () => {
      const clock = new FakeClock();
      const { far, pipe } = await meet({ clock, pingInterval: 1_000 });
      // Vanished: it reads and says nothing, as behind a pulled cable.
      await clock.advance(1_000);
      await until(() => far.sent.length === 1);
      expect(far.sent).toEqual([{ type: "ping", id: 1 }]);
      await clock.advance(999);
      expect(await isSettled(pipe.closed)).toBe(false);
      await clock.advance(1);
      await expect(pipe.closed).rejects.toMatchObject({
        code: "UNAVAILABLE",
        message: "The pipe was lost: the peer has said nothing for 1000 ms after a ping",
      });
      await expect(pipe.readable.getReader().read()).rejects.toMatchObject({ code: "UNAVAILABLE" });
      expect(clock.armedTimers).toBe(0);
    });

    test("find nothing wrong with a peer that says anything at all", async () => {
      const clock = new FakeClock();
      const { far, pipe } = await meet({ clock, pingInterval: 1_000 });
      const one = frameOf('{"type":"data"}', Uint8Array.of(1));
      for (let count = 0; count < one.length; count++) {
        await far.say(one.subarray(count, count + 1));
        for (let round = 0; round < 20; round++) await turn();
        await clock.advance(1_000);
      }
      expect((await pipe.readable.getReader().read()).value).toEqual(Uint8Array.of(1));
      far.reset();
    });

    test("blame nobody while this side does not read", async () => {
      const clock = new FakeClock();
      const { far, pipe } = await meet({ clock, pingInterval: 1_000 });
      const flood = encodePipeFrame({ type: "data" }, new Uint8Array(1024 * 1024));
      for (let count = 0; count < 8; count++) far.say(flood);
      for (let round = 0; round < 200; round++) await turn();
      await clock.advance(10_000);
      expect(await isSettled(pipe.closed)).toBe(false);
      const reader = pipe.readable.getReader();
      for (let count = 0; count < 8; count++) expect((await reader.read()).value?.length).toBe(1024 * 1024);
      await clock.advance(2_000);
      await expect(pipe.closed).rejects.toMatchObject({ code: "UNAVAILABLE" });
    });

    test("are not answered more often than there is room for answers", async () => {
      const { far, pipe } = await meet({ pingInterval: false });
      far.pause();
      const before = process.memoryUsage().rss;
      const flood = Buffer.concat(
        Array.from({ length: 20_000 }, (_, id) => encodePipeFrame({ type: "ping", id })),
      );
      for (let count = 0; count < 50; count++) {
        await Promise.race([far.say(flood), manyTurns()]);
      }
      expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
      far.resume();
      await until(() => far.sent.some((frame) => frame.type === "pong" && frame.id === 19_999));
      expect(far.sent.length).toBeLessThan(1_000_000);
      await pipe.writable.abort();
      await pipe.readable.cancel();
    });
  });

  describe("a peer that is no pipe", () => {
    const strangers: readonly (readonly [string, Uint8Array, string, string])[] = [
      [
        "HTTP",
        bytes("HTTP/1.1 400 Bad Request\r\n"),
        "PROTOCOL_ERROR",
        'it sent "HTTP/1.1 400 Bad Request\\r\\n"',
      ],
      ["TLS", Uint8Array.of(0x15, 3, 3, 0, 2, 2, 70), "PROTOCOL_ERROR", "speaks TLS"],
    ];
    test.each<readonly [string, Uint8Array, string, string]>([
      [
        "a 4 GiB header",
        Uint8Array.from([0, 0, 0, 15, 255, 255, 255, 255]),
        "FRAME_TOO_LARGE",
        "4294967295 bytes of payload",
      ],
      [
        "metadata without a bound",
        Uint8Array.from([0, 255, 255, 255, 0, 0, 0, 0]),
        "FRAME_TOO_LARGE",
        "16777215 bytes of metadata",
      ],
      [
        "garbage",
        Uint8Array.from([0xde, 0xad, 0xbe, 0xef, 0, 0, 0, 0]),
        "FRAME_TOO_LARGE",
        "3735928559 bytes of metadata",
      ],
      ["a frame of no type", frameOf("{}"), "PROTOCOL_ERROR", "type undefined"],
      ...(knowsStrangers ? strangers : []),
    ])("is found out by %s, before it is buffered", async (_, said, code, message) => {
      const { far, pipe } = await meet();
      far.say(said);
      await expect(pipe.readable.getReader().read()).rejects.toMatchObject({
        code,
        message: expect.stringContaining(message),
      });
      await expect(pipe.closed).rejects.toMatchObject({ code });
    });

    test("harms no server: 200 resets at any byte of a pipe", async () => {
      let uncaught = 0;
      const note = (): void => void uncaught++;
      process.on("uncaughtExceptionMonitor", note);
      onTestFinished(() => void process.removeListener("uncaughtExceptionMonitor", note));
      const failures: unknown[] = [];
      const server = await servePipe(url, (pipe) => {
        pipe.readable.pipeTo(pipe.writable).catch((reason: unknown) => failures.push(reason));
      });
      const said = Buffer.concat([
        encodePipeFrame({ type: "ping", id: 1 }),
        encodePipeFrame({ type: "data" }, new Uint8Array(300)),
        encodePipeFrame({ type: "close", side: "writable" }),
      ]);
      for (let round = 0; round < 200; round++) {
        await breakOff(server.address, said.subarray(0, (round * 7919) % said.length));
      }
      await until(() => server.pipes.size === 0);
      const honest = await openPipe(server.address);
      expect(await honest.ping()).toBeGreaterThanOrEqual(0);
      await honest.close();
      await server.close();
      expect(uncaught).toBe(0);
      expect(failures.every((reason) => SluiceError.is(reason))).toBe(true);
    });
  });

  describe("servePipe", () => {
    test("turns peers away above maxPipes, and says why", async () => {
      const server = await servePipe(url, () => {}, { maxPipes: 1 });
      const first = await openPipe(server.address);
      await first.ping();
      const second = await openPipe(server.address);
      await expect(second.readable.getReader().read()).rejects.toMatchObject({
        code: "RESOURCE_EXHAUSTED",
        message: "Cannot take the pipe: 1 of 1 are open",
      });
      await first.close();
      await until(() => server.pipes.size === 0);
      const third = await openPipe(server.address);
      await third.ping();
      await third.close();
      await server.close();
    });

    test("aborts the pipe whose handler fails, and goes on", async () => {
      await finishesCleanly(async () => {
        const failures: readonly (() => unknown)[] = [
          () => {
            throw new Error("a bug");
          },
          async () => {
            throw new SluiceError("NOT_FOUND", "no such file");
          },
        ];
        let count = 0;
        const server = await servePipe(url, () => failures[count++]?.());
        for (const code of ["ABORTED", "NOT_FOUND"]) {
          const pipe = await openPipe(server.address);
          await expect(pipe.readable.getReader().read()).rejects.toMatchObject({ code });
          await pipe.closed;
        }
        await server.close();
      });
    });

    test("for one peer: what is written waits for it, and nobody else gets in", async () => {
      const served = await servePipe(url);
      const writer = served.writable.getWriter();
      const writing = writer.write(bytes("welcome"));
      const pipe = await openPipe(served.address);
      expect(text((await pipe.readable.getReader().read()).value)).toBe("welcome");
      await writing;
      await expect(openPipe(served.address)).rejects.toMatchObject({ code: "UNAVAILABLE" });
      await pipe.writable.getWriter().write(bytes("thanks"));
      expect(text((await served.readable.getReader().read()).value)).toBe("thanks");
      await served.close();
      await pipe.closed;
    });

    test("for one peer that never comes can be closed", async () => {
      await finishesCleanly(async () => {
        const served = await servePipe(url);
        const read = served.readable.getReader().read();
        const refused = expect(read).rejects.toMatchObject({ code: "CANCELLED" });
        await served.close();
        await refused;
        await expect(served.pipe).rejects.toMatchObject({ code: "CANCELLED" });
      });
    });
  });
});

describe("openPipe and servePipe", () => {
  test.each(["unix", "tcp", "tls", "ws"])("carries chunks both ways over %s", async (scheme) => {
    const url =
      scheme === "unix"
        ? `unix:${join(temporaryFolder(), "pipe.sock")}`
        : `${scheme}://127.0.0.1:0${scheme === "ws" ? "/pipe" : ""}`;
    await finishesCleanly(async () => {
      const echoed: Promise<void>[] = [];
      const server = await servePipe(
        url,
        (pipe) => echoed.push(pipe.readable.pipeTo(pipe.writable)),
        scheme === "tls" ? { tls: mutualTls } : {},
      );
      expect(parseAddress(server.address).scheme).toBe(scheme);
      const pipe = await openPipe(server.address, scheme === "tls" ? { tls: adaTls } : {});
      expect(pipe.remote).toBe(scheme === "unix" ? undefined : server.address);
      const writer = pipe.writable.getWriter();
      const sent = ["one", "", "two", "x".repeat(100_000)];
      for (const one of sent) await writer.write(bytes(one));
      await writer.close();
      const got: string[] = [];
      for await (const chunk of pipe.readable) got.push(text(chunk));
      expect(got).toEqual(sent);
      await pipe.closed;
      await Promise.all(echoed);
      await until(() => server.pipes.size === 0);
      await server.close();
    });
  });

  test.each<readonly [string, PipeOptions]>([
    ["maxPayload", { maxPayload: 0 }],
    ["maxMetadata", { maxMetadata: 2 ** 24 }],
    ["pingInterval", { pingInterval: 0 }],
  ])("checks %s", async (name, options) => {
    await expect(openPipe("tcp://127.0.0.1:1", options)).rejects.toThrow(RangeError);
    await expect(servePipe("tcp://127.0.0.1:0", options)).rejects.toThrow(name);
  });

  test.each(["http://127.0.0.1:1", "memory:pipe", "stdio:"])("does not go over %s", async (url) => {
    await expect(openPipe(url)).rejects.toMatchObject({ code: "UNIMPLEMENTED" });
    await expect(servePipe(url)).rejects.toMatchObject({ code: "UNIMPLEMENTED" });
  });

  test("over TLS asks for certificates as links do", async () => {
    await expect(servePipe("tls://127.0.0.1:0")).rejects.toThrow("needs the option tls");
    await expect(servePipe("tcp://127.0.0.1:0", { tls: serverTls })).rejects.toThrow("tls:// address");
    const server = await servePipe("tls://127.0.0.1:0", () => {}, { tls: mutualTls });
    onTestFinished(() => server.close());
    await expect(openPipe(server.address)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    const nobody = await openPipe(server.address, { tls: clientTls });
    await expect(nobody.readable.getReader().read()).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
      message: expect.stringContaining("asks for a client certificate"),
    });
    const plain = await openPipe(server.address.replace("tls", "tcp"));
    await plain.writable.getWriter().write(bytes("x"));
    await expect(plain.readable.getReader().read()).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: "This port speaks TLS: connect to its tls:// address",
    });
    expect(server.pipes.size).toBe(0);
  });
});

describe("servePipe at a WebSocket's address", () => {
  /** A pipe's first answer to a page of `origin`: the status of a refusal, or "open". */
  const askedBy = async (address: string, origin: string): Promise<string> => {
    const socket = new WebSocket(address, { origin });
    const answer = new Promise<string>((resolve) => {
      socket.once("open", () => resolve("open"));
      socket.once("error", ({ message }) => resolve(message));
    });
    const said = await answer;
    socket.terminate();
    return said;
  };

  test("takes pages of listed origins, refuses others before the upgrade, and knows its own path", async () => {
    const server = await servePipe("ws://127.0.0.1:0/pipe", () => {}, {
      allowedOrigin: "https://app.example.com",
    });
    onTestFinished(() => server.close());
    expect(server.address).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/pipe$/);
    expect(await askedBy(server.address, "https://app.example.com")).toBe("open");
    expect(await askedBy(server.address, "https://evil.example")).toBe("Unexpected server response: 403");
    await expect(openPipe(server.address.replace("/pipe", "/other"))).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });

  test("refuses what is no part of a pipe: text, and messages without a bound", async () => {
    const server = await servePipe("ws://127.0.0.1:0", () => {});
    onTestFinished(() => server.close());
    for (const [said, code] of [
      ["text", 1003],
      [new Uint8Array(1024 * 1024), 1009],
    ] as const) {
      const socket = new WebSocket(server.address);
      await once(socket, "open");
      socket.send(said);
      expect((await once(socket, "close"))[0]).toBe(code);
    }
    await until(() => server.pipes.size === 0);
  });

  test("takes no tls options: a listener of wss: needs its certificate otherwise", async () => {
    await expect(servePipe("ws://127.0.0.1:0", { tls: serverTls })).rejects.toThrow(TypeError);
    await expect(openPipe("ws://127.0.0.1:1", { tls: clientTls })).rejects.toThrow("wss:// address");
    await expect(servePipe("wss://127.0.0.1:0")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});

function frameOf(metadata: string, payload: Uint8Array = new Uint8Array(0)): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(metadata.length, 0);
  head.writeUInt32BE(payload.length, 4);
  return Buffer.concat([head, Buffer.from(metadata), payload]);
}

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = {};
  for (let round = 0; round < 20; round++) await turn();
  return (await Promise.race([promise.catch(() => true), Promise.resolve(pending)])) !== pending;
}

async function manyTurns(): Promise<void> {
  for (let round = 0; round < 100; round++) await turn();
}
