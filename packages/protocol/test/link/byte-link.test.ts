/** ByteLink over a carrier in the test's hands: one write a turn, room, what is malformed, and how it ends. */
import { describe, expect, test } from "vitest";
import { SluiceError } from "../../src/errors/sluice-error.ts";
import { dataFrame, type Frame, FrameType } from "../../src/frame/frame.ts";
import { ByteLink } from "../../src/link/byte-link.ts";
import { byteByByte, joined } from "../frame/recut.ts";
import { bytesOf, comparable } from "../frame/wire-vectors.ts";
import { encode, FakeByteDuplex, NotingReceiver } from "./fake-byte-duplex.ts";

const ping = (nonce: number): Frame => ({ type: FrameType.PING, call: 0, answer: false, nonce });
const data = (bytes: number): Frame =>
  dataFrame(FrameType.DATA, 1, 0, true, bytes, new Uint8Array(bytes), 0, bytes);
const malformedBytes = bytesOf("00000009 0f 00000000 00000000");

const roomBytes = 64 * 1024;
/** Bytes of a DATA besides its payload. */
const dataHead = 15;

function setUp() {
  const duplex = new FakeByteDuplex();
  const link = new ByteLink(duplex);
  const receiver = new NotingReceiver();
  link.receive(receiver);
  return { duplex, link, receiver };
}

describe("ByteLink sends", () => {
  test("all frames of a turn in one write, in order", () => {
    const { duplex, link } = setUp();
    const frames = [ping(1), data(10), ping(2), data(5000), ping(3)];
    for (const frame of frames) link.send(frame);
    expect(duplex.writes).toEqual([]);
    expect(duplex.endTurn()).toBe(1);
    expect(duplex.written).toEqual([frames.map(comparable)]);
    link.send(ping(4));
    expect(duplex.endTurn()).toBe(1);
    expect(duplex.written[1]).toEqual([ping(4)]);
    expect(duplex.endTurn()).toBe(0);
  });

  test("and tells how many payload bytes a frame has", () => {
    const { link } = setUp();
    expect([ping(1), data(7), data(5000)].map((frame) => link.send(frame))).toEqual([0, 7, 5000]);
  });

  test("what the receiver adds at the last moment, in the same write", () => {
    const { duplex, link, receiver } = setUp();
    receiver.onFlushing = () => link.send(ping(2));
    link.send(ping(1));
    duplex.endTurn();
    expect(receiver.notes).toEqual(["flushing"]);
    expect(duplex.written).toEqual([[ping(1), ping(2)]]);
    expect(duplex.endTurn()).toBe(0);
  });

  test("in a turn of its own what is sent from writable()", () => {
    const { duplex, link, receiver } = setUp();
    receiver.onWritable = () => link.send(ping(1));
    link.send(data(roomBytes));
    expect(link.room).toBeLessThanOrEqual(0);
    duplex.endTurn();
    expect(duplex.writes).toHaveLength(1);
    duplex.endTurn();
    expect(duplex.written[1]).toEqual([ping(1)]);
  });

  test("nothing when nothing was sent", () => {
    const { duplex } = setUp();
    duplex.endTurn();
    expect(duplex.calls).toEqual(["start"]);
  });
});

describe("the room of a ByteLink", () => {
  test("shrinks by every byte of this turn, and is whole again after it", () => {
    const { duplex, link } = setUp();
    expect(link.room).toBe(roomBytes);
    link.send(data(1000));
    expect(link.room).toBe(roomBytes - 1000 - dataHead);
    link.send(data(5000));
    expect(link.room).toBe(roomBytes - 6000 - 2 * dataHead);
    duplex.endTurn();
    expect(link.room).toBe(roomBytes);
  });

  test("that was seen used up is announced after the write", () => {
    const { duplex, link, receiver } = setUp();
    link.send(data(roomBytes));
    expect(link.room).toBe(-dataHead);
    duplex.endTurn();
    expect(receiver.notes).toEqual(["flushing", "writable"]);
    link.send(data(1));
    duplex.endTurn();
    expect(receiver.notes).toEqual(["flushing", "writable", "flushing"]);
  });

  test("that nobody asked for is not announced", () => {
    const { duplex, link, receiver } = setUp();
    link.send(data(roomBytes));
    duplex.endTurn();
    expect(receiver.notes).toEqual(["flushing"]);
  });

  test("is none while the carrier is full, and is announced when it has drained", () => {
    const { duplex, link, receiver } = setUp();
    duplex.hasRoom = false;
    link.send(data(1));
    duplex.endTurn();
    expect(link.room).toBe(0);
    expect(receiver.notes).toEqual(["flushing"]);
    duplex.hasRoom = true;
    duplex.events.drained();
    expect(receiver.notes).toEqual(["flushing", "writable"]);
    expect(link.room).toBe(roomBytes);
    duplex.events.drained();
    expect(receiver.notes).toEqual(["flushing", "writable"]);
  });

  test("lets frames of control wait while the carrier is full; they go first when it has drained", () => {
    const { duplex, link, receiver } = setUp();
    duplex.hasRoom = false;
    link.send(data(1));
    duplex.endTurn();
    expect(link.room).toBe(0);
    link.send(ping(1));
    duplex.endTurn();
    link.send(ping(2));
    duplex.endTurn();
    expect(duplex.writes).toHaveLength(1);
    receiver.onWritable = () => link.send(data(2));
    duplex.hasRoom = true;
    duplex.events.drained();
    duplex.endTurn();
    expect(duplex.written.slice(1)).toEqual([[ping(1), ping(2)], [comparable(data(2))]]);
  });

  test("stays none when what waited fills the carrier again", () => {
    const { duplex, link, receiver } = setUp();
    duplex.hasRoom = false;
    link.send(data(1));
    duplex.endTurn();
    expect(link.room).toBe(0);
    link.send(ping(1));
    duplex.events.drained();
    expect(duplex.writes).toHaveLength(2);
    expect(link.room).toBe(0);
    expect(receiver.notes).not.toContain("writable");
    duplex.events.drained();
    expect(receiver.notes.filter((note) => note === "writable")).toHaveLength(1);
  });

  test("is none once the link is closing", () => {
    const { link } = setUp();
    link.close();
    expect(link.room).toBe(0);
  });
});

describe("frames of control that nobody reads", () => {
  const full = () => {
    const made = setUp();
    made.duplex.hasRoom = false;
    made.link.send(ping(0));
    made.duplex.endTurn();
    return made;
  };
  const mebibyte = 1024 * 1024;
  const pings = Math.floor(mebibyte / 13);

  test("may be up to 1 MiB", () => {
    const { duplex, link, receiver } = full();
    for (let i = 0; i < pings; i++) link.send(ping(i));
    duplex.endTurn();
    expect(duplex.calls).not.toContain("destroy");
    duplex.hasRoom = true;
    duplex.events.drained();
    expect(duplex.writes[1]).toHaveLength(13 * pings);
    expect(receiver.notes).not.toContainEqual(["closed", undefined]);
  });

  test("end the link beyond it", () => {
    const { duplex, link, receiver } = full();
    for (let i = 0; i < pings + 1; i++) link.send(ping(i));
    duplex.endTurn();
    expect(duplex.calls).toEqual(["start", "write", "destroy"]);
    expect(receiver.notes.at(-1)).toEqual(["closed", "RESOURCE_EXHAUSTED"]);
    expect(link.send(ping(1))).toBe(0);
    expect(duplex.endTurn()).toBe(0);
  });
});

describe("ByteLink receives", () => {
  test("frames in order, however they are cut", () => {
    const { duplex, receiver } = setUp();
    const frames = [ping(1), data(3), ping(2)];
    duplex.deliver(...frames);
    for (const byte of byteByByte(encode(...frames))) duplex.events.data(byte);
    expect(receiver.notes).toEqual([...frames, ...frames].map(comparable));
  });

  test("with the receiver that is there when a frame begins, from the next frame of a chunk on", () => {
    const { duplex, link, receiver } = setUp();
    const second = new NotingReceiver();
    receiver.onFrame = () => link.receive(second);
    duplex.deliver(ping(1), ping(2), ping(3));
    expect(receiver.notes).toEqual([ping(1)]);
    expect(second.notes).toEqual([ping(2), ping(3)]);
    link.send(ping(4));
    duplex.endTurn();
    duplex.events.closed(undefined);
    expect(receiver.notes).toEqual([ping(1)]);
    expect(second.notes.slice(2)).toEqual(["flushing", ["closed", undefined]]);
    expect(duplex.calls.filter((call) => call === "start")).toHaveLength(1);
  });

  test("what is malformed once, and nothing behind it", () => {
    const { duplex, receiver } = setUp();
    duplex.events.data(joined([encode(ping(1)), malformedBytes, encode(ping(2))]));
    duplex.deliver(ping(3));
    duplex.events.data(malformedBytes);
    expect(receiver.notes).toEqual([ping(1), ["malformed", "PROTOCOL_ERROR"]]);
  });

  test("nothing behind what is malformed with another receiver either", () => {
    const { duplex, link, receiver } = setUp();
    const second = new NotingReceiver();
    receiver.onMalformed = () => link.receive(second);
    duplex.events.data(malformedBytes);
    duplex.deliver(ping(1));
    expect(second.notes).toEqual([]);
  });

  test("and still sends and closes after what is malformed", () => {
    const { duplex, link, receiver } = setUp();
    receiver.onMalformed = () => {
      link.send({ type: FrameType.CLOSE, call: 0, code: "PROTOCOL_ERROR", reason: "" });
      link.close();
    };
    duplex.events.data(malformedBytes);
    expect(duplex.written).toMatchObject([[{ code: "PROTOCOL_ERROR" }]]);
    expect(duplex.calls).toEqual(["start", "write", "end"]);
    duplex.events.closed(undefined);
    expect(receiver.notes.at(-1)).toEqual(["closed", undefined]);
  });

  test.each([
    ["too long a frame", "ffffffff", "FRAME_TOO_LARGE"],
    ["no UTF-8", "00000006 0a 00000001 ff", "DECODE_ERROR"],
  ])("%s with its code", (_, hex, code) => {
    const { duplex, receiver } = setUp();
    duplex.events.data(bytesOf(hex));
    expect(receiver.notes).toEqual([["malformed", code]]);
  });

  test("no more frames of a chunk after destroy()", () => {
    const { duplex, link, receiver } = setUp();
    receiver.onFrame = () => link.destroy();
    duplex.deliver(ping(1), ping(2));
    duplex.deliver(ping(3));
    expect(receiver.notes).toEqual([ping(1), ["closed", undefined]]);
  });

  test("frames that come while it is closing", () => {
    const { duplex, link, receiver } = setUp();
    link.close();
    duplex.deliver(ping(1));
    expect(receiver.notes).toEqual([ping(1)]);
  });
});

describe("close()", () => {
  test("sends what was handed over, then ends", () => {
    const { duplex, link, receiver } = setUp();
    link.send(ping(1));
    link.close();
    expect(duplex.calls).toEqual(["start", "write", "end"]);
    expect(duplex.written).toEqual([[ping(1)]]);
    duplex.endTurn();
    expect(duplex.writes).toHaveLength(1);
    expect(receiver.notes).toEqual([]);
  });

  test("sends it even when the carrier is full", () => {
    const { duplex, link } = setUp();
    duplex.hasRoom = false;
    link.send(ping(1));
    duplex.endTurn();
    link.send(ping(2));
    duplex.endTurn();
    link.close();
    expect(duplex.written).toEqual([[ping(1)], [ping(2)]]);
    expect(duplex.calls.at(-1)).toBe("end");
  });

  test("from flushing() sends what this turn has", () => {
    const { duplex, link, receiver } = setUp();
    receiver.onFlushing = () => link.close();
    link.send(ping(1));
    duplex.endTurn();
    expect(duplex.written).toEqual([[ping(1)]]);
    expect(duplex.calls).toEqual(["start", "write", "end"]);
  });

  test("ends at once when there is nothing to send, and only once", () => {
    const { duplex, link } = setUp();
    link.close();
    link.close();
    expect(duplex.calls).toEqual(["start", "end"]);
  });

  test("lets nothing be sent after it", () => {
    const { duplex, link } = setUp();
    link.close();
    expect(link.send(data(5))).toBe(0);
    expect(duplex.endTurn()).toBe(0);
    expect(duplex.writes).toEqual([]);
  });

  test("announces no room after it", () => {
    const { duplex, link, receiver } = setUp();
    duplex.hasRoom = false;
    link.send(data(1));
    duplex.endTurn();
    expect(link.room).toBe(0);
    link.close();
    duplex.events.drained();
    expect(receiver.notes).toEqual(["flushing"]);
  });
});

describe("the end of a ByteLink", () => {
  const lost = new SluiceError("UNAVAILABLE", "The socket failed");

  test("is told once, whatever the carrier says", () => {
    const { duplex, link, receiver } = setUp();
    duplex.events.closed(lost);
    duplex.events.closed(undefined);
    link.destroy();
    link.close();
    expect(receiver.notes).toEqual([["closed", "UNAVAILABLE"]]);
    expect(duplex.calls).toEqual(["start"]);
  });

  test("by destroy() is told at once, and again not when the carrier follows", () => {
    const { duplex, link, receiver } = setUp();
    link.destroy(lost);
    expect(duplex.calls).toEqual(["start", "destroy"]);
    expect(receiver.notes).toEqual([["closed", "UNAVAILABLE"]]);
    duplex.events.closed(undefined);
    link.destroy();
    expect(receiver.notes).toHaveLength(1);
    expect(duplex.calls).toHaveLength(2);
  });

  test("by destroy() loses what was not sent", () => {
    const { duplex, link } = setUp();
    link.send(ping(1));
    link.destroy();
    duplex.endTurn();
    expect(duplex.writes).toEqual([]);
  });

  test("by destroy() while it is closing is told", () => {
    const { duplex, link, receiver } = setUp();
    link.close();
    link.destroy(lost);
    expect(duplex.calls).toEqual(["start", "end", "destroy"]);
    expect(receiver.notes).toEqual([["closed", "UNAVAILABLE"]]);
  });

  test("after close() is told when the carrier says so", () => {
    const { duplex, link, receiver } = setUp();
    link.close();
    expect(receiver.notes).toEqual([]);
    duplex.events.closed(undefined);
    expect(receiver.notes).toEqual([["closed", undefined]]);
  });

  test("is followed by nothing", () => {
    const { duplex, link, receiver } = setUp();
    link.send(data(roomBytes));
    expect(link.room).toBeLessThanOrEqual(0);
    duplex.events.closed(undefined);
    duplex.deliver(ping(1));
    duplex.events.data(malformedBytes);
    duplex.events.drained();
    duplex.endTurn();
    expect(link.send(ping(2))).toBe(0);
    expect(link.room).toBe(0);
    link.close();
    duplex.endTurn();
    expect(receiver.notes).toEqual([["closed", undefined]]);
    expect(duplex.calls).toEqual(["start"]);
  });

  test("may be asked for again from closed()", () => {
    const { duplex, link, receiver } = setUp();
    receiver.onClosed = () => {
      link.destroy();
      link.close();
      link.send(ping(1));
    };
    link.destroy();
    expect(receiver.notes).toEqual([["closed", undefined]]);
    expect(duplex.endTurn()).toBe(0);
  });

  test("by destroy(error) has that error also where the carrier says at once that it is over", () => {
    const { duplex, link, receiver } = setUp();
    duplex.closesAtOnce = true;
    link.destroy(lost);
    expect(receiver.notes).toEqual([["closed", "UNAVAILABLE"]]);
  });

  test("before anybody received is told to the one who then does", () => {
    const duplex = new FakeByteDuplex();
    const link = new ByteLink(duplex);
    link.destroy(lost);
    const receiver = new NotingReceiver();
    link.receive(receiver);
    duplex.endTurn();
    expect(receiver.notes).toEqual([["closed", "UNAVAILABLE"]]);
  });
});

test("ByteLink gives its carrier's info, and is binary", () => {
  const { duplex, link } = setUp();
  expect(link).toMatchObject({ kind: "binary", info: duplex.info, utf8: duplex.utf8 });
});
