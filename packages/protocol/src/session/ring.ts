/**
 * A queue in a circular buffer: pairs of an item and the offset where it ends, without allocation per item.
 *
 * Pure. It doubles when full, and gives its memory back when a large one runs empty.
 */

const smallest = 16;
/** An empty ring of more places starts small again. */
const largestKept = 1024;

export class Ring<Item> {
  #items: (Item | undefined)[] = [];
  #ends: number[] = [];
  #first = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(item: Item, end: number): void {
    if (this.#length === this.#items.length) this.#grow();
    const at = (this.#first + this.#length) & (this.#items.length - 1);
    this.#items[at] = item;
    this.#ends[at] = end;
    this.#length++;
  }

  /** Where the item ends that was taken last. */
  takenEnd = 0;

  /** Takes the first item; only while there is one. {@link takenEnd} then says where it ends. */
  shift(): Item {
    const at = this.#first;
    this.takenEnd = this.#ends[at] as number;
    const item = this.#items[at] as Item;
    this.#items[at] = undefined;
    this.#length--;
    if (this.#length === 0 && this.#items.length > largestKept) this.clear();
    else this.#first = (at + 1) & (this.#items.length - 1);
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#ends = [];
    this.#first = this.#length = 0;
  }

  #grow(): void {
    const places = Math.max(smallest, 2 * this.#items.length);
    const items = new Array<Item | undefined>(places);
    const ends = new Array<number>(places);
    for (let i = 0; i < this.#length; i++) {
      const at = (this.#first + i) & (this.#items.length - 1);
      items[i] = this.#items[at];
      ends[i] = this.#ends[at] as number;
    }
    // Filled, so that the engine keeps the fast kind of array.
    items.fill(undefined, this.#length);
    ends.fill(0, this.#length);
    this.#items = items;
    this.#ends = ends;
    this.#first = 0;
  }
}
