/** A gate that a loop passes before each of its turns; while it is closed the loop waits. */
export class Gate {
  #opened: Promise<void> | undefined;
  #open: () => void = () => {};

  /** Opens or closes it. */
  set isOpen(isOpen: boolean) {
    if (isOpen) {
      this.#open();
      this.#opened = undefined;
    } else {
      this.#opened ??= new Promise((resolve) => {
        this.#open = resolve;
      });
    }
  }

  /** `undefined` while it is open; else resolves when it opens. */
  passed(): Promise<void> | undefined {
    return this.#opened;
  }
}
