/** What a link over ports adds to what every link does: copies, transfer, bounds, and who is told of the end. */
import { once } from "node:events";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { type Frame, FrameType, type Link, type SluiceError } from "@sluice/protocol/wire";
import { type EmitterPort, type EventPort, messagePortTransport } from "@sluice/transport-memory";
import { describe, expect, test } from "vitest";

interface Seen {
  readonly frames: Frame[];
  readonly errors: (SluiceError | undefined)[];
  readonly malformed: SluiceError[];
  writable: number;
  /** Resolves at the end of the link. */
  readonly ended: Promise<void>;
}

/** Receives on `link`. */
function record(link: Link, onFrame: (frame: Frame) => void = () => {}): Seen {
  let end: () => void;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const seen: Seen = { frames: [], errors: [], malformed: [], writable: 0, ended };
  link.receive({
    frame(frame) {
      seen.frames.push(frame);
      onFrame(frame);
    },
    malformed: (error) => void seen.malformed.push(error),
    flushing() {},
    writable: () => void seen.writable++,
    closed(error) {
      seen.errors.push(error);
      end();
    },
  });
  return seen;
}

/** Frames as they come at the other side of a link; `next` awaits one. */
async function pair() {
  const { port1, port2 } = new MessageChannel();
  const near = await messagePortTransport(port1).connect();
  const far = await messagePortTransport(port2).connect();
  return { near, far, ports: [port1, port2] as const };
}

function dataOf(payload: unknown, size: number, call = 1): Frame {
  const fields = { more: false, head: false, raw: false, total: 256 + size, start: 0, end: 0 };
  return { type: FrameType.DATA, call, offset: 0, ...fields, payload };
}

const ping: Frame = { type: FrameType.PING, call: 0, answer: false, nonce: 1 };

/** A port that keeps what is posted, and tells nothing by itself. */
class SilentPort implements EmitterPort {
  readonly posted: { number: number; frames: Frame[]; taken: number; end: boolean }[] = [];
  readonly transfers: ArrayBuffer[][] = [];
  readonly #listeners = new Map<string, ((value: unknown) => void)[]>();

  postMessage(message: unknown, transfer: ArrayBuffer[]): void {
    this.transfers.push(transfer);
    this.posted.push(structuredClone(message, { transfer }) as SilentPort["posted"][0]);
  }

  on(name: string, listener: (value: unknown) => void): void {
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), listener]);
  }

  off(name: string, listener: (value: unknown) => void): void {
    const rest = (this.#listeners.get(name) ?? []).filter((one) => one !== listener);
    if (rest.length === 0) this.#listeners.delete(name);
    else this.#listeners.set(name, rest);
  }

  get listened(): string[] {
    return [...this.#listeners.keys()];
  }

  tell(name: string, value?: unknown): void {
    for (const listener of this.#listeners.get(name) ?? []) listener(value);
  }

  #brought = 0;

  /** Brings the other side's next message. */
  bring(batch: { readonly frames: readonly unknown[]; readonly taken: number; readonly end: boolean }): void {
    this.tell("message", { number: ++this.#brought, ...batch });
  }
}

/** The end of this turn, with all its microtasks. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function linkOn(port: EmitterPort | EventPort | MessagePort): Promise<Link> {
  return messagePortTransport(port).connect();
}

describe("values", () => {
  test("are copied when they are sent, not when the turn ends (REL-M2)", async () => {
    const { near, far } = await pair();
    record(near);
    const value = {
      list: [1],
      bytes: Uint8Array.of(1),
      shared: new ArrayBuffer(1),
      float: Float32Array.of(1.5),
    };
    const came = new Promise<unknown>((resolve) => {
      record(far, (frame) => resolve("payload" in frame ? frame.payload : undefined));
    });
    near.send(dataOf(value, 2 * (4 + 5 + 6 + 5) + 1 + 1 + 4 + 16 * 5));
    value.list.push(2);
    value.bytes[0] = 9;
    new Uint8Array(value.shared)[0] = 9;
    value.float[0] = 9;
    expect(await came).toEqual({
      list: [1],
      bytes: Uint8Array.of(1),
      shared: new ArrayBuffer(1),
      float: Float32Array.of(1.5),
    });
    near.destroy();
  });

  test("that are parts of a larger buffer arrive without the rest of it", async () => {
    const { near, far } = await pair();
    record(near);
    const came = new Promise<unknown>((resolve) => {
      record(far, (frame) => resolve("payload" in frame ? frame.payload : undefined));
    });
    const pooled = Buffer.from("abc");
    expect(pooled.buffer.byteLength).toBeGreaterThan(3);
    near.send(dataOf([pooled, new DataView(pooled.buffer, pooled.byteOffset, 2)], 5 + 16 * 2));
    const [bytes, view] = (await came) as [Uint8Array, DataView];
    expect([...bytes]).toEqual([97, 98, 99]);
    expect([bytes.buffer.byteLength, view.buffer.byteLength, view.getUint8(1)]).toEqual([3, 2, 98]);
    near.destroy();
  });

  test("stay their owner's; only long copies are transferred", async () => {
    const port = new SilentPort();
    const link = await linkOn(port);
    record(link);
    const long = new Uint8Array(64 * 1024).fill(7);
    const short = new Uint8Array(1024).fill(8);
    link.send(dataOf([long, short], long.length + short.length + 16 * 2));
    await turn();
    expect([long.length, short.length]).toEqual([64 * 1024, 1024]);
    expect(port.transfers.map((buffers) => buffers.length)).toEqual([1]);
    expect(port.transfers[0]?.[0]).not.toBe(long.buffer);
    const [frame] = port.posted[0]?.frames ?? [];
    expect(frame !== undefined && "payload" in frame && frame.payload).toEqual([long, short]);
    link.destroy();
  });

  test("are copied on a port that knows no transfer lists, after one attempt", async () => {
    const attempts: number[] = [];
    class CopyingPort extends SilentPort {
      override postMessage(message: unknown, transfer: ArrayBuffer[]): void {
        attempts.push(transfer.length);
        if (transfer.length > 0) throw new Error("Transfer list is not supported");
        super.postMessage(message, transfer);
      }
    }
    const port = new CopyingPort();
    const link = await linkOn(port);
    const seen = record(link);
    const long = new Uint8Array(64 * 1024).fill(7);
    for (const call of [1, 2]) {
      link.send(dataOf(long, long.length, call));
      await turn();
    }
    expect(attempts).toEqual([1, 0, 0]);
    const payloads = port.posted
      .flatMap(({ frames }) => frames)
      .map((frame) => "payload" in frame && frame.payload);
    expect(payloads).toEqual([long, long]);
    expect(seen.errors).toEqual([]);
    link.destroy();
  });

  test("keep a member called __proto__, and their prototypes", async () => {
    const { near, far } = await pair();
    record(near);
    const came = new Promise<unknown>((resolve) => {
      record(far, (frame) => resolve("payload" in frame ? frame.payload : undefined));
    });
    near.send(dataOf(JSON.parse('{"__proto__":{"a":1},"b":2}'), 2 * (9 + 1 + 1) + 16 * 3));
    const value = (await came) as object;
    expect(Object.keys(value)).toEqual(["__proto__", "b"]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    near.destroy();
  });

  test.each([
    [
      "a getter that becomes a function",
      {
        get a() {
          return () => 1;
        },
      },
      "a function does not travel",
    ],
    [
      "a getter that throws",
      {
        get a() {
          throw new Error("on purpose");
        },
      },
      "on purpose",
    ],
    ["more text than when it was written", { a: "longer" }, "it counts 286 bytes instead of 260"],
    ["a value that never ends", endless(), "1100 levels"],
  ])("end the link with FAILED_PRECONDITION if one is %s", async (_name, payload, says) => {
    const port = new SilentPort();
    const link = await linkOn(port);
    const seen = record(link);
    link.send(ping);
    expect(link.send(dataOf(payload, 4))).toBe(0);
    // Whoever sends is not interrupted by the end.
    expect(seen.errors).toEqual([]);
    await seen.ended;
    expect(seen.errors).toEqual([
      expect.objectContaining({ code: "FAILED_PRECONDITION", message: expect.stringContaining(says) }),
    ]);
    expect(seen.errors[0]?.message).toContain("Cannot send a message of call 1: it was changed between");
    expect(port.posted.at(-1)?.end).toBe(true);
    expect(port.listened).toEqual([]);
  });

  test("that a port refuses end the link with INTERNAL", async () => {
    const port = new SilentPort();
    port.postMessage = () => {
      throw new DOMException("no room for it", "DataCloneError");
    };
    const link = await linkOn(port);
    const seen = record(link);
    link.send(ping);
    await seen.ended;
    expect(seen.errors).toEqual([
      expect.objectContaining({ code: "INTERNAL", message: "Cannot post a frame: no room for it" }),
    ]);
  });
});

describe("what is in a port", () => {
  test("goes as one message per turn, 1,024 frames at most", async () => {
    const port = new SilentPort();
    const link = await linkOn(port);
    record(link);
    for (let sent = 0; sent < 10; sent++) link.send(ping);
    expect(port.posted).toEqual([]);
    await turn();
    expect(port.posted.map(({ frames }) => frames.length)).toEqual([10]);
    for (let sent = 0; sent < 3_000; sent++) link.send(ping);
    await turn();
    expect(port.posted.map(({ frames }) => frames.length)).toEqual([10, 1024, 1024, 952]);
    link.destroy();
  });

  test("is at most 64 KiB that the other side has not taken, and a message", async () => {
    const port = new SilentPort();
    const link = await linkOn(port);
    const seen = record(link);
    let sent = 0;
    while (link.room > 0) {
      link.send(dataOf("x".repeat(5_000), 10_000));
      sent++;
    }
    await turn();
    expect(sent).toBe(Math.ceil(65_536 / (64 + 256 + 10_000)));
    expect([link.room <= 0, seen.writable]).toEqual([true, 0]);
    port.bring({ frames: [], taken: 10_320, end: false });
    expect([link.room > 0, seen.writable]).toEqual([true, 1]);
    link.destroy();
  });

  test("grows by control frames without room for 1 MiB; then the link ends", async () => {
    const port = new SilentPort();
    const link = await linkOn(port);
    const seen = record(link);
    link.send(dataOf(new Uint8Array(100_000), 100_000));
    for (let sent = 0; sent < 16_384; sent++) link.send(ping);
    await turn();
    expect(seen.errors).toEqual([]);
    link.send(ping);
    await seen.ended;
    expect(seen.errors).toEqual([expect.objectContaining({ code: "RESOURCE_EXHAUSTED" })]);
  });

  test("may grow by as much again once the other side has taken it", async () => {
    const port = new SilentPort();
    const link = await linkOn(port);
    const seen = record(link);
    for (let round = 1; round <= 3; round++) {
      for (let sent = 0; sent < 17_000; sent++) link.send(ping);
      port.bring({ frames: [], taken: round * 17_000 * 64, end: false });
    }
    await turn();
    expect(seen.errors).toEqual([]);
    link.destroy();
  });

  test("is confirmed at 16 KiB by a message of its own, before that with what is sent", async () => {
    const port = new SilentPort();
    const link = await linkOn(port);
    record(link);
    await turn();
    const batch = (frames: number) => ({
      frames: new Array(frames).fill({ ...ping, answer: true }),
      taken: 0,
      end: false,
    });
    port.bring(batch(255));
    await turn();
    expect(port.posted).toEqual([]);
    port.bring(batch(1));
    await turn();
    expect(port.posted).toEqual([{ number: 1, frames: [], taken: 256 * 64, end: false }]);
    port.bring(batch(1));
    link.send(ping);
    await turn();
    expect(port.posted.at(-1)).toEqual({ number: 2, frames: [ping], taken: 257 * 64, end: false });
    link.destroy();
  });

  test("counts frames of types that nobody knows as taken", async () => {
    const port = new SilentPort();
    const link = await linkOn(port);
    const seen = record(link);
    await turn();
    port.bring({ frames: new Array(256).fill({ type: 24 }), taken: 0, end: false });
    await turn();
    expect([seen.frames, port.posted.at(-1)?.taken]).toEqual([[], 256 * 64]);
    link.destroy();
  });
});

describe("the end", () => {
  test("leaves no listener and closes the port, whoever ends it", async () => {
    for (const end of ["close", "destroy"] as const) {
      const { near, far, ports } = await pair();
      const seen = [record(near), record(far)];
      const closed = ports.map((port) => once(port, "close"));
      near.send(ping);
      near[end]();
      await Promise.all([...seen.map(({ ended }) => ended), ...closed]);
      expect(seen.map(({ errors }) => errors)).toEqual([[undefined], [undefined]]);
      for (const port of ports) expect(listenersOf(port)).toEqual([]);
    }
  });

  test("is told to a side whose platform does not say it, and its port is let go", async () => {
    const port = new SilentPort();
    const link = await linkOn(port);
    const seen = record(link);
    await turn();
    port.bring({ frames: [ping], taken: 0, end: true });
    await seen.ended;
    expect([seen.frames.length, seen.errors, port.listened]).toEqual([1, [undefined], []]);
  });

  test("of a port without a word is the link's", async () => {
    const { port1, port2 } = new MessageChannel();
    const seen = record(await linkOn(port1));
    port2.close();
    await seen.ended;
    expect([seen.errors, listenersOf(port1)]).toEqual([[undefined], []]);
  });

  test("of a worker says why: its uncaught error, or its exit", async () => {
    const port = new SilentPort();
    const seen = record(await linkOn(port));
    await turn();
    port.tell("error", new TypeError("broken"));
    expect(seen.errors).toEqual([]);
    port.tell("exit", 1);
    expect(seen.errors).toEqual([
      expect.objectContaining({ code: "UNAVAILABLE", message: "The port was closed: broken" }),
    ]);
    const other = new SilentPort();
    const seenThere = record(await linkOn(other));
    await turn();
    other.tell("exit", 7);
    expect(seenThere.errors[0]?.message).toBe("The port was closed: The worker has exited with code 7");
  });

  test("follows what cannot be deserialized, as it follows bytes that are no frames", async () => {
    for (const kind of ["emitter", "events"] as const) {
      const target = new EventTarget();
      const silent = new SilentPort();
      const port =
        kind === "emitter" ? silent : Object.assign(target, { postMessage: silent.postMessage.bind(silent) });
      const link = await linkOn(port);
      const seen = record(link);
      await turn();
      if (kind === "emitter") silent.tell("messageerror", new Error("no"));
      else target.dispatchEvent(new Event("messageerror"));
      expect(seen.malformed).toEqual([expect.objectContaining({ code: "DECODE_ERROR" })]);
      silent.bring({ frames: [ping], taken: 0, end: false });
      expect(seen.frames).toEqual([]);
      link.destroy();
    }
  });

  test("does not close what is no MessagePort: a worker's global scope would end with it", async () => {
    let closed = 0;
    const scope = Object.assign(new SilentPort(), { close: () => void closed++ });
    const link = await linkOn(scope);
    record(link);
    link.close();
    await turn();
    expect([closed, scope.listened, scope.posted.at(-1)?.end]).toEqual([0, [], true]);
  });
});

describe("what arrives", () => {
  test("is counted and told, whatever it is, before what it brings", async () => {
    const port = new SilentPort();
    const link = await linkOn(port);
    port.bring({ frames: [ping], taken: 0, end: false });
    expect(link.inbound).toBe(1);
    const told: string[] = [];
    const tell = (what: string) => () => void told.push(what);
    link.receive({
      frame: tell("frame"),
      arrived: () => void told.push(`arrived ${link.inbound}`),
      malformed: tell("malformed"),
      flushing() {},
      writable() {},
      closed: tell("closed"),
    });
    await turn();
    port.bring({ frames: [ping, ping], taken: 0, end: false });
    port.bring({ frames: [], taken: 0, end: false });
    port.tell("messageerror");
    // Nobody looks at it any more, and still it is a sign of life.
    port.tell("message", "no batch");
    expect(told.splice(0)).toEqual([
      "frame",
      "arrived 2",
      "frame",
      "frame",
      "arrived 3",
      "arrived 4",
      "malformed",
      "arrived 5",
    ]);
    link.destroy();
    expect(told).toEqual(["closed"]);
  });
});

/** Names of events that somebody listens to. */
function listenersOf(port: MessagePort): string[] {
  return ["message", "messageerror", "close"].filter((name) => port.listenerCount(name) > 0);
}

/** What is measured as plain, and makes more of itself whenever it is read. */
function endless(): object {
  return {
    get a() {
      return endless();
    },
  };
}
