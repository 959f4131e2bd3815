/**
 * The items of a call as one sequence, whichever call of the session brings them: one that is still to be opened, or is opened again.
 *
 * Readers that find nothing wait here, in their order, so that they outlive a call that fails and is followed by another.
 */
import type { SluiceError } from "../errors/sluice-error.ts";
import type { Cursor } from "./cursor.ts";
import type { ItemSource } from "./item-source.ts";

interface Reader<Item> {
  readonly resolve: (result: IteratorResult<Item, undefined>) => void;
  readonly reject: (error: unknown) => void;
  readonly atEnd: (() => void) | undefined;
}

/**
 * `awaited`: no call is there; of one that has failed the items that came are still given. `attached`: one is there. `passing`: as
 * `attached`, and no other can follow. `over`: none will follow.
 */
type State = "awaited" | "attached" | "passing" | "over";

const givingUp: ReadonlySet<string> = new Set(["CANCELLED", "DEADLINE_EXCEEDED"]);

export class CallSource<Item> implements ItemSource<Item> {
  readonly #call: { close(): Promise<void> };
  #state: State = "awaited";
  #source: ItemSource<Item> | undefined;
  #cursor: Cursor | undefined;
  #readers: Reader<Item>[] = [];
  /** What was asked for the item of the first reader. */
  #asked: ItemSource<Item> | undefined;
  /** Of the reader that is not among {@link #readers}. */
  #atEnd: (() => void) | undefined;
  #hasLeft = false;
  /** Why no call will follow, if not for a result. */
  #error: SluiceError | undefined;
  /** One was to follow: {@link #source} is of a call before. */
  #isCutShort = false;
  /** Where the last item stood that was taken, and that said it; `undefined`: none did. */
  lastCursor: unknown;
  /** Items taken of which where they stand is of interest. */
  itemsTaken = 0;
  /** A reader was told that there are no more. */
  hasEnded = false;

  /** @param call is closed for a reader that leaves while it is to be opened again */
  constructor(call: { close(): Promise<void> }) {
    this.#call = call;
  }

  get length(): number {
    return this.#readers.length > 0 || this.#source === undefined ? 0 : this.#source.length;
  }

  /** Whether the reader has left. */
  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  shift(): Item {
    const item = (this.#source as ItemSource<Item>).shift();
    this.#note(item);
    return item;
  }

  next(atEnd?: () => void): Promise<IteratorResult<Item, undefined>> {
    if (this.length > 0) return Promise.resolve({ done: false, value: this.shift() });
    const source = this.#source;
    if (source !== undefined && this.#readers.length === 0) {
      if (this.#state === "passing") return source.next(atEnd);
      if (this.#state === "attached" && this.#asked === undefined) {
        this.#asked = source;
        this.#atEnd = atEnd;
        return source.next().then(this.#answered, this.#refused);
      }
    }
    return this.#wait(atEnd, "last");
  }

  cancel(reason: unknown): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#source?.cancel(reason);
    if (this.#state !== "awaited" || this.#source === undefined) return;
    // What failed cannot be asked to finish any more.
    this.#endReaders();
    void this.#call.close();
  }

  /** A call is there: its items follow. `cursor`: what says where they stand. `isLast`: no other call will follow it. */
  attach(source: ItemSource<Item>, cursor: Cursor | undefined, isLast: boolean): void {
    this.#source = source;
    this.#cursor = cursor;
    this.#state = isLast ? "passing" : "attached";
    if (this.#hasLeft) source.cancel(undefined);
    this.#serve();
  }

  /** The call has failed, and will be followed by another. Until then the items that came are given. */
  interrupt(): void {
    this.#state = "awaited";
  }

  /** No call will follow. Where one was awaited, readers get `error`, after what the one before has brought. */
  finish(error: SluiceError | undefined): void {
    this.#error = error;
    this.#isCutShort = this.#state === "awaited" && error !== undefined;
    // Of a call that this side gave up nobody wants what came before.
    if (this.#isCutShort && givingUp.has(error?.code ?? "") && error?.origin === "local") {
      this.#source = undefined;
    }
    this.#state = "over";
    this.#serve();
  }

  #wait(atEnd: (() => void) | undefined, place: "first" | "last"): Promise<IteratorResult<Item, undefined>> {
    return new Promise((resolve, reject) => {
      const reader = { resolve, reject, atEnd };
      if (place === "first") this.#readers.unshift(reader);
      else this.#readers.push(reader);
      this.#serve();
    });
  }

  /** Gives the readers that wait what there is, and asks for more if there is more to come. */
  #serve(): void {
    if (this.#asked !== undefined || this.#state === "awaited") return;
    const source = this.#source;
    while (this.#readers.length > 0 && source !== undefined && source.length > 0) this.#give(source.shift());
    if (this.#readers.length === 0) return;
    if (source === undefined || this.#isCutShort) {
      if (this.#error === undefined || this.#hasLeft || this.hasEnded) this.#endReaders();
      else this.#failReaders(this.#error);
      return;
    }
    this.#asked = source;
    source.next().then(
      ({ done, value }) => {
        this.#asked = undefined;
        if (done === true) this.#endReaders();
        else this.#give(value);
        this.#serve();
      },
      (error) => {
        const isOutlived = this.#isOutlived;
        this.#asked = undefined;
        if (isOutlived) this.#serve();
        else this.#failReaders(this.#error ?? error);
      },
    );
  }

  /** The usual way: one reader waits, behind nobody, for what the source answers. */
  readonly #answered = (answer: IteratorResult<Item, undefined>): IteratorResult<Item, undefined> => {
    this.#asked = undefined;
    if (answer.done === true) {
      this.hasEnded = true;
      this.#atEnd?.();
    } else this.#note(answer.value);
    this.#serveLater();
    return answer;
  };

  readonly #refused = (error: unknown): Promise<IteratorResult<Item, undefined>> => {
    const isOutlived = this.#isOutlived;
    this.#asked = undefined;
    // Who waited goes on waiting, before all who came later.
    if (isOutlived) return this.#wait(this.#atEnd, "first");
    this.#atEnd?.();
    this.#serveLater();
    // What is known of all calls is more than what is known of the last.
    throw this.#error ?? error;
  };

  /** Whether what was asked has failed for its call only, and readers wait for another. */
  get #isOutlived(): boolean {
    return this.#asked !== this.#source || this.#state === "awaited" || this.#isCutShort;
  }

  /** Those who wait are told after the one who waited before them. */
  #serveLater(): void {
    if (this.#readers.length > 0) queueMicrotask(() => this.#serve());
  }

  #give(item: Item): void {
    this.#note(item);
    this.#readers.shift()?.resolve({ done: false, value: item });
  }

  #note(item: Item): void {
    if (this.#cursor === undefined) {
      // A call that has brought an item has run: it is not opened again.
      if (this.#state === "attached") this.#state = "passing";
      return;
    }
    this.itemsTaken++;
    const cursor = this.#cursor.of(item);
    if (cursor !== undefined) this.lastCursor = cursor;
  }

  #endReaders(): void {
    this.hasEnded = true;
    for (const { resolve, atEnd } of this.#readers.splice(0)) {
      atEnd?.();
      resolve({ done: true, value: undefined });
    }
  }

  #failReaders(error: unknown): void {
    for (const { reject, atEnd } of this.#readers.splice(0)) {
      atEnd?.();
      reject(error);
    }
  }
}
