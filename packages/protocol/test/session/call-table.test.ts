/** Whose ids are which, which are over and which never were. Spec: docs/wire.md §3 "Call ids". */
import { describe, expect, it } from "vitest";
import { CallTable } from "../../src/session/call-table.ts";

const refused = expect.objectContaining({ code: "PROTOCOL_ERROR" });

describe("CallTable ids", () => {
  it.each([
    { role: "connector", own: [1, 3, 5], first: 2, wrong: 1 },
    { role: "acceptor", own: [2, 4, 6], first: 1, wrong: 2 },
  ] as const)("of the $role are $own, its peer's the others", ({ role, own, first, wrong }) => {
    const table = new CallTable(role);
    expect([table.takeId(), table.takeId(), table.takeId()]).toEqual(own);
    table.admit(first);
    table.admit(first + 2);
    expect(() => table.admit(wrong + 4)).toThrow(refused);
  });

  it("REL-C7 a peer's id that is used again, lower, of the wrong parity or beyond 2^31 - 1 is PROTOCOL_ERROR", () => {
    const table = new CallTable("acceptor");
    table.admit(7);
    for (const id of [7, 5, 1, 8, 2 ** 31 + 1, 2 ** 32 - 1])
      expect(() => table.admit(id), `${id}`).toThrow(refused);
    table.admit(2 ** 31 - 1);
    expect(() => table.admit(2 ** 31 + 1)).toThrow(refused);
  });

  it("REL-C7 of this side end at 2^31 - 1, or earlier if so told", () => {
    const table = new CallTable("connector", 5);
    expect([table.takeId(), table.hasId, table.takeId(), table.hasId]).toEqual([1, true, 3, true]);
    expect([table.takeId(), table.hasId]).toEqual([5, false]);
    const most = new CallTable("acceptor", 3);
    expect([most.takeId(), most.hasId]).toEqual([2, false]);
  });

  it("may leave gaps", () => {
    const table = new CallTable("acceptor");
    table.admit(1);
    table.admit(1001);
    expect(() => table.checkOver(3)).not.toThrow();
  });

  it("a frame for an id that was open is late, for one that never was PROTOCOL_ERROR", () => {
    const table = new CallTable("connector");
    expect(() => table.checkOver(1)).toThrow(refused);
    expect(() => table.checkOver(2)).toThrow(refused);
    table.takeId();
    table.admit(4);
    for (const id of [1, 2, 4]) expect(() => table.checkOver(id), `${id}`).not.toThrow();
    for (const id of [3, 6]) expect(() => table.checkOver(id), `${id}`).toThrow(refused);
  });
});

describe("CallTable calls", () => {
  it("are found by id until they are removed, and counted by whose they are", () => {
    const table = new CallTable<{ readonly id: number }>("connector");
    const [own, theirs] = [{ id: 1 }, { id: 2 }] as const;
    table.add(own);
    table.add(theirs);
    expect([table.size, table.peerCalls, table.get(1), table.get(2), table.get(3)]).toEqual([
      2,
      1,
      own,
      theirs,
      undefined,
    ]);
    table.remove(2);
    table.remove(2);
    expect([table.size, table.peerCalls]).toEqual([1, 0]);
    expect(table.all()).toEqual([own]);
  });

  it("clearing gives all of them and forgets them", () => {
    const table = new CallTable<{ readonly id: number }>("acceptor");
    table.add({ id: 1 });
    table.add({ id: 2 });
    expect(table.clear().map(({ id }) => id)).toEqual([1, 2]);
    expect([table.size, table.peerCalls, table.all()]).toEqual([0, 0, []]);
  });
});
