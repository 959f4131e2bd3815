// What a server of a peer without a broadcast of its own needs for W9: items for all subscribers, an async iterable or a callback for each.
import { tick } from "../values.mjs";

/** Items of one turn, the same as of the others. */
const publishTogether = 256;

export class Hub {
  #push = new Set();

  get subscribers() {
    return this.#push.size;
  }

  /** `push(item)` is called for every item; returns what ends that. A promise that it returns is waited for. */
  add(push) {
    this.#push.add(push);
    return () => this.#push.delete(push);
  }

  /** The items as an async generator, until `signal` aborts. */
  async *items(signal) {
    let queue = [];
    let wake;
    const end = this.add((item) => {
      queue.push(item);
      wake?.();
    });
    const onAbort = () => wake?.();
    signal?.addEventListener("abort", onAbort);
    try {
      while (!signal?.aborted) {
        const items = queue;
        queue = [];
        for (const item of items) yield item;
        if (queue.length > 0) continue;
        await new Promise((resolve) => {
          wake = resolve;
        });
        wake = undefined;
      }
    } finally {
      end();
      signal?.removeEventListener("abort", onAbort);
    }
  }

  async publish(count) {
    for (let seq = 0; seq < count; ) {
      const due = [];
      for (let together = 0; together < publishTogether && seq < count; together++) {
        const item = tick(seq++);
        for (const push of this.#push) {
          const room = push(item);
          if (room !== undefined) due.push(room);
        }
      }
      await Promise.all(due);
      await new Promise(setImmediate);
    }
  }
}
