/** A WebSocket as a byte stream: bounds, ends, room, and what no platform of the standard tells. */
import { FakeClock } from "@sluice/protocol/testing";
import type { ByteDuplexEvents, SluiceError } from "@sluice/protocol/wire";
import { describe, expect, test } from "vitest";
import { mostMessageBytes } from "../src/pack-messages.ts";
import { WebSocketDuplex } from "../src/websocket-duplex.ts";
import { FakeWebSocket, type FakeWebSocketOptions } from "./fake-websocket.ts";

interface Heard extends ByteDuplexEvents {
  readonly chunks: Uint8Array[];
  readonly ends: (SluiceError | undefined)[];
  drains: number;
}

function listener(): Heard {
  const heard: Heard = {
    chunks: [],
    ends: [],
    drains: 0,
    data: (chunk) => void heard.chunks.push(chunk),
    drained: () => void heard.drains++,
    closed: (error) => void heard.ends.push(error),
  };
  return heard;
}

function setUp(options: FakeWebSocketOptions = {}) {
  const socket = new FakeWebSocket(options);
  const clock = new FakeClock();
  const duplex = new WebSocketDuplex(socket, { clock });
  const heard = listener();
  return { socket, clock, duplex, heard };
}

/** A frame of `length` bytes in all. */
function frame(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  new DataView(bytes.buffer).setUint32(0, length - 4);
  return bytes;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("what comes", () => {
  test("before it is read is kept, in order, its end included", async () => {
    const { socket, duplex, heard } = setUp();
    for (const value of [1, 2, 3]) socket.come(new Uint8Array([value]).buffer);
    socket.end(1000);
    await turn();
    duplex.start(heard);
    expect(heard.chunks).toEqual([]);
    await turn();
    expect(heard.chunks).toEqual([1, 2, 3].map((value) => new Uint8Array([value])));
    expect(heard.ends).toEqual([undefined]);
  });

  test("before it is read is bounded", async () => {
    const { socket, duplex, heard } = setUp();
    for (let count = 0; count < 9; count++) socket.come(new Uint8Array(128 * 1024).buffer);
    expect(socket.closes).toEqual([[4008, expect.stringContaining("unasked")]]);
    duplex.start(heard);
    await turn();
    expect(heard.chunks).toEqual([]);
    expect(heard.ends).toEqual([expect.objectContaining({ code: "RESOURCE_EXHAUSTED" })]);
  });

  test("may be a view, a buffer of another realm, or empty", async () => {
    const { socket, duplex, heard } = setUp();
    duplex.start(heard);
    await turn();
    const { runInNewContext } = await import("node:vm");
    socket.come(new Uint8Array([0, 7, 8, 0]).subarray(1, 3));
    socket.come(new DataView(new Uint8Array([5, 6]).buffer));
    socket.come(runInNewContext("new Uint8Array([9]).buffer"));
    socket.come(new ArrayBuffer(0));
    expect(heard.chunks.map((chunk) => [...chunk])).toEqual([[7, 8], [5, 6], [9], []]);
    expect(socket.binaryType).toBe("arraybuffer");
  });

  test.each([
    ["text", "hello"],
    ["empty text", ""],
    ["a blob", new Blob(["x"])],
    ["nothing", undefined],
  ])("W6 is refused if it is %s, and nothing of it is read", async (_, data) => {
    for (const isPage of [true, false]) {
      const { socket, duplex, heard } = setUp({ isPage });
      duplex.start(heard);
      await turn();
      socket.come(data);
      socket.come(new Uint8Array([1]).buffer);
      expect(socket.closes).toEqual([[isPage ? 4101 : 1003, expect.stringContaining("text")]]);
      await turn();
      expect(heard.chunks).toEqual([]);
      expect(heard.ends).toEqual([expect.objectContaining({ code: "PROTOCOL_ERROR" })]);
    }
  });

  test("W5 may be as large as the bound, and not a byte larger", async () => {
    for (const isPage of [true, false]) {
      const { socket, duplex, heard } = setUp({ isPage });
      duplex.start(heard);
      await turn();
      socket.come(new ArrayBuffer(mostMessageBytes));
      expect(heard.chunks.length).toBe(1);
      socket.come(new ArrayBuffer(mostMessageBytes + 1));
      expect(heard.chunks.length).toBe(1);
      expect(socket.closes).toEqual([[isPage ? 4103 : 1009, expect.any(String)]]);
      await turn();
      expect(heard.ends).toEqual([expect.objectContaining({ code: "FRAME_TOO_LARGE" })]);
    }
  });
});

describe("what is written", () => {
  test("goes out as one message a write", async () => {
    const { socket, duplex, heard } = setUp();
    duplex.start(heard);
    expect(duplex.write([frame(10), frame(20), frame(30)])).toBe(true);
    expect(socket.sent.map(({ length }) => length)).toEqual([60]);
  });

  test("FC-14 asks to wait once the socket is full, and a timer looks only while it is", async () => {
    const { socket, clock, duplex, heard } = setUp({ holdsBack: true });
    duplex.start(heard);
    const answers: boolean[] = [];
    for (let count = 0; count < 4; count++) {
      expect(clock.armedTimers).toBe(0);
      answers.push(duplex.write([frame(64 * 1024)]));
    }
    expect(answers).toEqual([true, true, true, false]);
    expect(clock.armedTimers).toBe(1);
    await clock.advance(100);
    expect(heard.drains).toBe(0);
    // Just below full is not yet room: it would be full again with the next write.
    socket.drain(1);
    await clock.advance(100);
    expect(heard.drains).toBe(0);
    socket.drain(1);
    await clock.advance(32);
    expect(heard.drains).toBe(1);
    expect(clock.armedTimers).toBe(0);
    expect(duplex.write([frame(8)])).toBe(true);
  });

  test("is looked for soon at first, and no more often than every 32 ms in the long run", async () => {
    const { clock, duplex, heard } = setUp({ holdsBack: true });
    duplex.start(heard);
    duplex.write([frame(80 * 1024), frame(80 * 1024), frame(80 * 1024), frame(80 * 1024)]);
    const delays: (number | undefined)[] = [];
    for (let look = 0; look < 8; look++) {
      delays.push(clock.nextTimerMs);
      await clock.advance(clock.nextTimerMs ?? 0);
    }
    expect(delays).toEqual([1, 2, 4, 8, 16, 32, 32, 32]);
    duplex.destroy();
    expect(clock.armedTimers).toBe(0);
  });

  test("goes nowhere once the socket is closing, and nobody waits for it", async () => {
    const { socket, clock, duplex, heard } = setUp({ holdsBack: true });
    duplex.start(heard);
    socket.readyState = 2;
    for (let count = 0; count < 10; count++) expect(duplex.write([frame(64 * 1024)])).toBe(true);
    expect(socket.bufferedAmount).toBe(0);
    expect(clock.armedTimers).toBe(0);
  });

  test("ends the link if the socket cannot take it", async () => {
    const { socket, duplex, heard } = setUp();
    duplex.start(heard);
    socket.send = () => {
      throw new TypeError("no room left");
    };
    duplex.write([frame(8)]);
    await turn();
    expect(heard.ends).toEqual([expect.objectContaining({ code: "UNAVAILABLE" })]);
  });
});

describe("the end", () => {
  test("is a close that the peer answers", async () => {
    const { socket, clock, duplex, heard } = setUp();
    duplex.start(heard);
    duplex.end();
    duplex.end();
    expect(socket.closes).toEqual([[1000, ""]]);
    expect(heard.ends).toEqual([]);
    await turn();
    expect(heard.ends).toEqual([undefined]);
    expect(clock.armedTimers).toBe(0);
  });

  test("X66 comes after 5 s if the peer never answers the close", async () => {
    const { clock, duplex, heard } = setUp({ ignoresClose: true });
    duplex.start(heard);
    duplex.end();
    await clock.advance(4_999);
    expect(heard.ends).toEqual([]);
    await clock.advance(1);
    expect(heard.ends).toEqual([undefined]);
    expect(clock.armedTimers).toBe(0);
  });

  test("is told once, however often and by whomever it is caused", async () => {
    const { socket, duplex, heard } = setUp();
    duplex.start(heard);
    duplex.end();
    duplex.destroy();
    socket.end(1006);
    socket.dispatch("error", { error: new Error("late") });
    duplex.destroy();
    await turn();
    expect(heard.ends).toEqual([undefined]);
  });

  test("by destroy() closes a socket that knows nothing stronger, and is told at once", async () => {
    const { socket, clock, duplex, heard } = setUp({ ignoresClose: true });
    duplex.start(heard);
    duplex.destroy();
    expect(heard.ends).toEqual([]);
    await turn();
    expect(heard.ends).toEqual([undefined]);
    expect(socket.closes).toEqual([[4014, ""]]);
    expect(clock.armedTimers).toBe(0);
    socket.come(new Uint8Array([1]).buffer);
    await turn();
    expect(heard.chunks).toEqual([]);
  });

  test("of a socket that was closed before is told once it is read", async () => {
    const socket = new FakeWebSocket();
    socket.readyState = 3;
    const duplex = new WebSocketDuplex(socket);
    const heard = listener();
    duplex.start(heard);
    await turn();
    expect(heard.ends).toEqual([undefined]);
  });

  test.each([
    [1000, undefined],
    [1006, "UNAVAILABLE"],
    [1009, "FRAME_TOO_LARGE"],
    [4016, "UNAUTHENTICATED"],
  ])("by the peer with %d says why: %s", async (code, error) => {
    const { socket, duplex, heard } = setUp();
    duplex.start(heard);
    socket.dispatch("error");
    socket.end(code);
    await turn();
    expect(heard.ends.map((end) => end?.code)).toEqual([error]);
  });

  test("W9 by a refusal says why in what fits into a close frame", async () => {
    const { SluiceError } = await import("@sluice/protocol/wire");
    const { socket, duplex, heard } = setUp();
    duplex.start(heard);
    duplex.refuse(new SluiceError("ENHANCE_YOUR_CALM", "€".repeat(5_000)));
    expect(socket.closes).toEqual([[4107, "€".repeat(41)]]);
    await turn();
    expect(heard.ends).toEqual([expect.objectContaining({ code: "ENHANCE_YOUR_CALM" })]);
  });
});
