/**
 * One direction of a model's call: what was written, what was read, how it ended. Every item says where it stands.
 *
 * What does not fit is collected in `faults`, since nobody would hear of it from a promise.
 */
import { SluiceError } from "@sluice/protocol";

/** As many characters as no piece, window or step of a model is a multiple of: bytes from a wrong place are other bytes. */
const filling = "abcdefghijklmnopqrstuvw";

/** `head` and a colon, filled up to `length` characters. */
export function filled(head: string | number, length: number): string {
  return `${head}:`.padEnd(length, filling);
}

/** One direction of a call: a writer that waits when it is told to, and a reader that takes items when it is let. */
export class ModelFlow {
  /** Lengths of the items that were written, in order. */
  readonly written: number[] = [];
  read = 0;
  isWriting = false;
  /** Its writer writes no more: it has said so, or was told. */
  isClosed = false;
  /** Its writer has said that nothing follows. */
  hasEnd = false;
  /** How the reader ended: `end`, or the code of an error. */
  readerEnd: string | undefined;
  readonly faults: string[] = [];
  /** Items whose write was accepted. */
  accepted = 0;
  /** From this one on nothing may be read. */
  #nowhere = Number.POSITIVE_INFINITY;
  #wanted = 0;
  /** Its reader waits for an item. */
  isReading = false;
  #next: (() => Promise<IteratorResult<string, unknown>>) | undefined;

  /** Writes one more item of `length` characters by `send`, unless the one before still waits. */
  write(length: number, send: (item: string) => Promise<void>): void {
    if (this.isWriting || this.isClosed) return;
    this.isWriting = true;
    const item = filled(this.written.length, length);
    this.written.push(item.length);
    const goOn = (): void => {
      this.isWriting = false;
    };
    const accepted = (): void => {
      goOn();
      this.accepted++;
    };
    send(item).then(accepted, () => {
      goOn();
      this.isClosed = true;
    });
  }

  /** The item that is being written goes nowhere: its writer was told that nobody wants it. */
  goesNowhere(): void {
    this.#nowhere = Math.min(this.#nowhere, this.written.length - 1);
  }

  /** Sets where items come from; until then nobody reads. */
  from(iterate: () => AsyncIterator<string, unknown>): void {
    let iterator: AsyncIterator<string, unknown> | undefined;
    this.#next = () => {
      iterator ??= iterate();
      return iterator.next();
    };
  }

  /** What was accepted and not read, as offsets count it, without what JSON adds. */
  get unreadBytes(): number {
    const unread = this.written.slice(this.read, this.accepted);
    return unread.reduce((sum, length) => sum + length + 64, 0);
  }

  /** Where the first item ends that was not read, and where the one before it did, as offsets count JSON. */
  get readUntil(): { readonly offset: number; readonly next: number } {
    const sizes = this.written.slice(0, this.read + 1).map((length) => length + '""'.length + 64);
    const next = sizes.reduce((sum, size) => sum + size, 0);
    return { offset: next - (sizes[this.read] ?? 0), next };
  }

  /** Lets the reader take `count` items more; `Infinity`: all that come. */
  take(count: number): void {
    this.#wanted += count;
    this.#read();
  }

  /** The reader takes no more than the one that it waits for. */
  pause(): void {
    this.#wanted = 0;
  }

  #read(): void {
    if (this.isReading || this.#wanted <= 0 || this.readerEnd !== undefined || this.#next === undefined)
      return;
    this.isReading = true;
    this.#next().then(
      ({ done, value }) => {
        this.isReading = false;
        if (done === true) this.readerEnd = "end";
        else this.#compare(value as string);
        this.#read();
      },
      (reason: unknown) => {
        this.isReading = false;
        this.readerEnd = SluiceError.is(reason) ? reason.code : `no SluiceError: ${String(reason)}`;
      },
    );
  }

  #compare(item: string): void {
    this.#wanted = Math.max(0, this.#wanted - 1);
    const length = this.written[this.read];
    if (length === undefined || item !== filled(this.read, length)) {
      this.faults.push(`read ${item.split(":")[0]} of ${item.length}, ${this.read} of ${length} is next`);
    }
    if (this.read >= this.#nowhere) this.faults.push(`read ${this.read}, which nobody wanted any more`);
    this.read++;
  }
}
