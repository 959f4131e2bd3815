/**
 * A table of things by their numbers, for many that come and go: open addressing, in places that are used again.
 *
 * A `Map` would do the same, but engines leave a chain of its former tables behind when entries keep changing: what one of them
 * refers to outlives every minor collection, and a short call then costs as much memory work as a long one.
 */

const fewest = 8;
/** An empty table of more places starts small again. */
const largestKept = 4096;

export class IdTable<Entry extends { readonly id: number }> {
  /** Never more than half full. An entry lies at its id or, if others lie there, behind them without a gap. */
  #places: (Entry | undefined)[] = emptyPlaces(fewest);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: number): Entry | undefined {
    return this.#places[this.#find(id)];
  }

  /** Adds an entry, whose id no other has. */
  add(entry: Entry): void {
    if (2 * (this.#size + 1) > this.#places.length) this.#grow();
    this.#places[this.#find(entry.id)] = entry;
    this.#size++;
  }

  /** Forgets the entry of `id`. Returns whether there was one. */
  remove(id: number): boolean {
    const at = this.#find(id);
    if (this.#places[at] === undefined) return false;
    this.#size--;
    if (this.#size === 0 && this.#places.length > largestKept) this.#places = emptyPlaces(fewest);
    else this.#closeGap(at);
    return true;
  }

  /** Those that are here now, by ascending id. */
  all(): Entry[] {
    return this.#places.filter((entry) => entry !== undefined).sort((one, other) => one.id - other.id);
  }

  clear(): void {
    this.#places = emptyPlaces(fewest);
    this.#size = 0;
  }

  /** Where `id` lies, or where it would. */
  #find(id: number): number {
    const places = this.#places;
    const mask = places.length - 1;
    let at = id & mask;
    for (;;) {
      const entry = places[at];
      if (entry === undefined || entry.id === id) return at;
      at = (at + 1) & mask;
    }
  }

  /** Moves up what lies behind `gap` and may lie there. */
  #closeGap(gap: number): void {
    const places = this.#places;
    const mask = places.length - 1;
    let hole = gap;
    for (let at = (gap + 1) & mask; ; at = (at + 1) & mask) {
      const entry = places[at];
      if (entry === undefined) break;
      const fromHome = (at - entry.id) & mask;
      const fromHole = (at - hole) & mask;
      if (fromHome < fromHole) continue;
      places[hole] = entry;
      hole = at;
    }
    places[hole] = undefined;
  }

  #grow(): void {
    const old = this.#places;
    this.#places = emptyPlaces(2 * old.length);
    for (const entry of old) if (entry !== undefined) this.#places[this.#find(entry.id)] = entry;
  }
}

/** Filled, so that the engine keeps the fast kind of array. */
function emptyPlaces<Entry>(count: number): (Entry | undefined)[] {
  return new Array<Entry | undefined>(count).fill(undefined);
}
