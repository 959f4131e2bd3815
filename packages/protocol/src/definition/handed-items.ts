/**
 * Items that come to a call by themselves, instead of being asked for one by one: what a handler may return in place of a generator.
 *
 * A hub with many subscribers gives each of its items to all of them in one go; nothing is awaited between the publisher and the links.
 */

/** What was made of one item, for all who need the same. It lives no longer than the item is given out. */
export type EncodedOnce = Map<object, unknown>;

/** Where items are handed. */
export interface ItemTaker<Item> {
  /**
   * Takes an item. Returns a promise if the giver has to wait before the next one; throws if it was not taken.
   * @param once of an item that is given to many: what it looks like on the wire, by who has found that out
   */
  readonly take: (item: Item, once: EncodedOnce | undefined) => Promise<void> | undefined;
  /** No more items come, because of `error` if that is not `undefined`. Called once. */
  readonly end: (error: unknown) => void;
}

/** Items that can be handed over. */
export interface HandedItems<Item> {
  /**
   * From now on items go to `taker`, those first that are waiting.
   * @throws {TypeError} if somebody else reads them
   */
  readonly handTo: (taker: ItemTaker<Item>) => void;
  /** Nobody wants more of them: `taker` is told the end. */
  return(): unknown;
}

/** Whether a handler has returned such items. */
export function isHanded(value: unknown): value is HandedItems<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as { handTo?: unknown }).handTo === "function"
  );
}
