/** What a direction keeps until it has arrived: what is sent, what is half sent, what waits. Spec: docs/wire.md §2. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Message } from "../../src/codec/slot.ts";
import { KeptMessages } from "../../src/session/kept-messages.ts";
import { SpareMemory } from "../../src/session/spare-memory.ts";
import { collectGarbage } from "./collect-garbage.ts";

const overhead = 64;

function message(start: number, length: number): Message {
  return { body: new Uint8Array(length), length, raw: true, start };
}

/** Messages of these lengths, one behind the other from offset 0 on; the first `sent` of them are sent whole. */
function keep(lengths: readonly number[], sent = 0): { kept: KeptMessages; messages: readonly Message[] } {
  const kept = new KeptMessages();
  let end = 0;
  const messages = lengths.map((length) => {
    const one = message(end, length);
    kept.add(one);
    end += overhead + length;
    return one;
  });
  for (let i = 0; i < sent; i++) kept.nextIsSent();
  return { kept, messages };
}

describe("KeptMessages, in order", () => {
  it("gives what is to be sent one by one, and counts each with its overhead", () => {
    const { kept, messages } = keep([10, 0, 30]);
    expect(kept.bytes).toBe(40 + 3 * overhead);
    for (const one of messages) {
      expect(kept.next).toBe(one);
      kept.nextIsSent();
    }
    expect(kept.next).toBeUndefined();
    expect(kept.bytes, "sent is not arrived").toBe(40 + 3 * overhead);
  });

  it("moves all of them", () => {
    const { kept, messages } = keep([10, 20]);
    kept.shift(1_000);
    expect(messages.map(({ start }) => start)).toEqual([1_000, 1_074]);
    kept.shift(-1_000);
    expect(messages.map(({ start }) => start)).toEqual([0, 74]);
  });

  it("forgets all", () => {
    const { kept } = keep([10, 20, 30], 2);
    kept.arrived(74);
    kept.clear();
    expect([kept.bytes, kept.next]).toEqual([0, undefined]);
    const later = message(500, 5);
    kept.add(later);
    expect([kept.bytes, kept.next]).toEqual([69, later]);
  });
});

describe("KeptMessages with a param", () => {
  it("puts it before all others", () => {
    const { kept, messages } = keep([10]);
    const param = message(0, 100);
    kept.addParam(param);
    expect([kept.next, kept.bytes]).toEqual([param, 110 + 2 * overhead]);
    kept.nextIsSent();
    expect(kept.next).toBe(messages[0]);
  });

  it("takes it out when the call starts again, and what was sent is to be sent", () => {
    const { kept, messages } = keep([10, 20]);
    const param = message(0, 100);
    kept.addParam(param);
    kept.nextIsSent();
    kept.nextIsSent();
    expect(kept.restart(param)).toBe(true);
    expect([kept.next, kept.bytes]).toEqual([messages[0], 30 + 2 * overhead]);
  });

  it("that is not here leaves the others alone", () => {
    const { kept, messages } = keep([10, 20], 1);
    expect(kept.restart(message(0, 10))).toBe(false);
    expect([kept.next, kept.bytes]).toEqual([messages[0], 30 + 2 * overhead]);
  });
});

describe("KeptMessages, of which some have arrived", () => {
  it("forgets those that have arrived whole, to the byte", () => {
    const { kept, messages } = keep([10, 20, 30], 3);
    expect(kept.arrived(73)).toBe(0);
    expect(kept.arrived(74)).toBe(74);
    expect(kept.arrived(74)).toBe(0);
    expect(kept.bytes).toBe(50 + 2 * overhead);
    expect(kept.arrived(157)).toBe(0);
    kept.rewind(74, 252);
    expect(kept.next, "it was not forgotten").toBe(messages[1]);
    kept.nextIsSent();
    kept.nextIsSent();
    expect(kept.arrived(1_000)).toBe(84 + 94);
    expect([kept.bytes, kept.next]).toEqual([0, undefined]);
  });

  it("keeps what is not sent, whatever the peer says", () => {
    const { kept, messages } = keep([10, 20], 1);
    expect(kept.arrived(1_000)).toBe(74);
    expect([kept.bytes, kept.next]).toEqual([84, messages[1]]);
  });

  it("gives their byte strings back to whoever sends the next, once, and nothing else", () => {
    const spare = new SpareMemory();
    const kept = new KeptMessages();
    const body = new Uint8Array(5_000);
    kept.add({ body, length: 5_000, raw: true, start: 0 });
    const item = new Uint8Array(5_000);
    kept.add({ body: item, length: 5_000, raw: false, start: 5_064 });
    kept.nextIsSent();
    kept.nextIsSent();
    expect(kept.arrived(2 * 5_064, spare)).toBe(2 * 5_064);
    const copies = [1, 2].map(() => spare.copy(new Uint8Array(5_000)));
    expect(copies.map((copy) => copy.buffer === body.buffer || copy.buffer === item.buffer)).toEqual([
      true,
      false,
    ]);
    expect(copies[0]?.buffer).toBe(body.buffer);
  });

  it("goes on in order however long its head of arrived ones gets", () => {
    for (const waiting of [1, 200, 300, 2_000]) {
      const kept = new KeptMessages();
      const messages: Message[] = [];
      const add = (): void => {
        messages.push(message(messages.length * overhead, 0));
        kept.add(messages.at(-1) as Message);
      };
      for (let i = 0; i < waiting; i++) add();
      for (let arrived = 0; arrived < 1_500; arrived++) {
        add();
        if (kept.next !== messages[arrived]) expect.fail(`message ${arrived} of ${waiting} that wait`);
        kept.nextIsSent();
        if (kept.arrived((arrived + 1) * overhead) !== overhead) expect.fail(`arrival ${arrived}`);
      }
      expect(kept.bytes).toBe(waiting * overhead);
      kept.rewind(1_500 * overhead, (1_500 + waiting) * overhead);
      expect(kept.next).toBe(messages[1_500]);
    }
  });
});

describe("KeptMessages of a call without end", () => {
  it.each([1, 1_000])("take no memory for what has arrived, while %d always wait", (waiting) => {
    const kept = new KeptMessages();
    const body = "";
    let end = 0;
    const add = (): void => {
      kept.add({ body, length: 0, raw: false, start: end });
      end += overhead;
    };
    for (let i = 0; i < waiting; i++) add();
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    for (let arrived = overhead; arrived <= 400_000 * overhead; arrived += overhead) {
      add();
      kept.nextIsSent();
      kept.arrived(arrived);
    }
    collectGarbage();
    // A place for each of them alone would be 3 MB.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(1_000_000);
    expect(kept.bytes).toBe(waiting * overhead);
  });
});

describe("KeptMessages over another link", () => {
  it("go again from the first that has not arrived whole", () => {
    for (const [offset, next] of [
      [0, 0],
      [64, 0],
      [73, 0],
      [74, 1],
      [138, 1],
      [157, 1],
      [158, 2],
      [251, 2],
      [252, undefined],
    ] as const) {
      const { kept, messages } = keep([10, 20, 30], 3);
      kept.rewind(offset, 252);
      expect(kept.next, `from ${offset}`).toBe(next === undefined ? undefined : messages[next]);
    }
  });

  it("count those that were never sent as unsent still", () => {
    const { kept, messages } = keep([10, 20, 30], 2);
    kept.arrived(74);
    kept.rewind(158, 252);
    expect(kept.next).toBe(messages[2]);
    kept.rewind(74, 252);
    expect(kept.next).toBe(messages[1]);
  });

  it.each([1, 63, 75, 137, 159, 253, 316])("cannot go on from offset %i: no piece begins there", (offset) => {
    const { kept } = keep([10, 20, 30], 3);
    expect(() => kept.rewind(offset, 252)).toThrow(expect.objectContaining({ code: "PROTOCOL_ERROR" }));
  });

  it.each([0, 63, 64, 73])("cannot go on from offset %i, before all that is kept", (offset) => {
    const { kept } = keep([10, 20], 2);
    kept.arrived(74);
    expect(() => kept.rewind(offset, 158)).toThrow(expect.objectContaining({ code: "PROTOCOL_ERROR" }));
    kept.arrived(158);
    expect(() => kept.rewind(offset, 158)).toThrow(expect.objectContaining({ code: "PROTOCOL_ERROR" }));
  });
});

describe("KeptMessages whose rest is dropped", () => {
  it("keep what was sent whole, and count the sent part of the one that was cut", () => {
    const { kept, messages } = keep([10, 200, 30], 1);
    // 100 bytes of the second have gone.
    kept.dropUnsent(174, 264 - 100 + 94);
    expect([kept.bytes, kept.next]).toEqual([174, undefined]);
    kept.rewind(0, 174);
    expect(kept.next).toBe(messages[0]);
    kept.nextIsSent();
    expect(kept.next).toBeUndefined();
  });

  it("leave no gap when nothing was half sent", () => {
    for (const sent of [1, 2] as const) {
      const { kept } = keep([10, 20], sent);
      const end = sent === 1 ? 74 : 158;
      kept.dropUnsent(end, 158 - end);
      expect([kept.closeGap(0), kept.closeGap(end), kept.bytes]).toEqual([0, 0, end]);
    }
  });

  it("close the gap up to what has arrived, and move up what came behind it", () => {
    for (const [received, lost] of [
      [0, 100],
      [74, 100],
      [75, 99],
      [173, 1],
      [174, 0],
      [200, 0],
    ] as const) {
      const { kept, messages } = keep([10, 200], 1);
      kept.dropUnsent(174, 164);
      const result = message(174, 5);
      kept.add(result);
      expect(kept.closeGap(received), `from ${received}`).toBe(lost);
      expect([messages[0]?.start, result.start]).toEqual([0, 174 - lost]);
      expect(kept.bytes).toBe(174 - lost + 69);
    }
  });

  it("close it further when a later link says that less had arrived than was thought", () => {
    const { kept } = keep([10, 200], 1);
    kept.dropUnsent(174, 164);
    const result = message(174, 5);
    kept.add(result);
    expect([kept.closeGap(150), result.start]).toEqual([24, 150]);
    expect([kept.closeGap(150), result.start]).toEqual([0, 150]);
    expect([kept.closeGap(100), result.start]).toEqual([50, 100]);
    expect([kept.closeGap(0), result.start]).toEqual([26, 74]);
    expect([kept.closeGap(0), result.start]).toEqual([0, 74]);
  });

  it("close it also when more is dropped before the next link", () => {
    const { kept } = keep([10, 200], 1);
    kept.dropUnsent(174, 164);
    kept.add(message(174, 5));
    kept.dropUnsent(174, 69);
    const result = message(174, 7);
    kept.add(result);
    expect([kept.closeGap(74), result.start, kept.bytes]).toEqual([100, 74, 74 + 71]);
  });

  it("close it also when others before it have arrived", () => {
    const { kept } = keep([10, 20, 200], 2);
    kept.arrived(74);
    kept.dropUnsent(300, 422 - 300);
    const result = message(300, 5);
    kept.add(result);
    expect([kept.closeGap(74), result.start]).toEqual([142, 158]);
  });
});

describe("KeptMessages invariants", () => {
  it("its bytes are those added and not freed, and what comes next is what a list says", () => {
    const step = fc.record({
      what: fc.constantFrom("add", "add", "send", "arrive", "rewind"),
      pick: fc.nat(5_000),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200, size: "max" }), (steps) => {
        const kept = new KeptMessages();
        const list: Message[] = [];
        let [arrived, sent] = [0, 0];
        let end = 0;
        const endOf = (count: number): number => list[count]?.start ?? end;
        for (const { what, pick } of steps) {
          if (what === "add") {
            list.push(message(end, pick % 100));
            kept.add(list.at(-1) as Message);
            end += overhead + (pick % 100);
          } else if (what === "send" && sent < list.length) {
            kept.nextIsSent();
            sent++;
          } else if (what === "arrive") {
            const count = arrived + (pick % (sent - arrived + 1));
            expect(kept.arrived(endOf(count))).toBe(endOf(count) - endOf(arrived));
            arrived = count;
          } else if (what === "rewind") {
            sent = arrived + (pick % (sent - arrived + 1));
            kept.rewind(endOf(sent), end);
          }
          expect(kept.next).toBe(list[sent]);
          expect(kept.bytes).toBe(end - endOf(arrived));
        }
      }),
    );
  });
});
