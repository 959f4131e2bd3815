/** A table by numbers against a `Map`, and the places that it uses again. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { IdTable } from "../../src/session/id-table.ts";

interface Entry {
  readonly id: number;
}

describe("IdTable", () => {
  it("finds what was added until it is removed", () => {
    const table = new IdTable<Entry>();
    const entry = { id: 7 };
    expect([table.get(7), table.size]).toEqual([undefined, 0]);
    table.add(entry);
    expect([table.get(7), table.get(7 + 64), table.size]).toEqual([entry, undefined, 1]);
    expect([table.remove(7), table.remove(7), table.get(7), table.size]).toEqual([true, false, undefined, 0]);
  });

  it("works again after many, and after it was cleared", () => {
    const table = new IdTable<Entry>();
    for (let id = 1; id <= 3_000; id++) table.add({ id });
    expect(table.size).toBe(3_000);
    let removed = 0;
    for (let id = 1; id <= 3_000; id++) if (table.remove(id)) removed++;
    expect(removed).toBe(3_000);
    table.add({ id: 3 });
    table.clear();
    expect([table.size, table.get(3), table.all()]).toEqual([0, undefined, []]);
    table.add({ id: 2 ** 31 - 1 });
    expect(table.all()).toEqual([{ id: 2 ** 31 - 1 }]);
  });

  it("holds what a Map would, by ascending id, whatever comes and goes", () => {
    // Few homes for many ids: entries lie behind each other, around the end of the places too.
    const id = fc.tuple(fc.nat(5), fc.nat(9)).map(([home, round]) => ((61 + home) % 64) + 64 * round);
    const steps = fc.array(fc.record({ what: fc.constantFrom("add", "add", "remove"), id }), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(steps, (list) => {
        const table = new IdTable<Entry>();
        const model = new Map<number, Entry>();
        for (const { what, id } of list) {
          if (what === "remove") expect(table.remove(id)).toBe(model.delete(id));
          else if (!model.has(id)) {
            const entry = { id };
            table.add(entry);
            model.set(id, entry);
          }
          const lost = [...model.values()].filter((one) => table.get(one.id) !== one);
          expect([lost, table.size, table.get(id)]).toEqual([[], model.size, model.get(id)]);
        }
        expect(table.all()).toEqual([...model.values()].sort((a, b) => a.id - b.id));
      }),
    );
  });
});
