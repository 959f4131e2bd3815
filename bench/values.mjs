// What travels in the workloads: values, their bytes, and the checks of what came back.

/** W1 and W2. */
export const person = (id) => ({ id, name: `name ${id}`, tags: ["a", "bb", "ccc"] });

/** W4, W5, W6, W8, W9: an item of a stream. */
export const tick = (seq) => ({ seq, ts: 1, value: seq * 0.5 });

/** W3: 10 KB as JSON. */
export const record = (id) => ({ id, title: `order ${id}`, lines });

const lines = Array.from({ length: 100 }, (_, at) => ({
  sku: `sku-${String(at * 7919).padStart(8, "0")}`,
  text: `line ${at} of an order`.padEnd(32, "."),
  amount: at % 13,
  price: at * 1.25,
  isGift: at % 5 === 0,
}));

/** W7: 64 KiB each. */
export const chunkBytes = 64 * 1024;

/** Made once and never changed, since a link may hold them for as long as it likes; each says at both ends which it is. */
const chunks = Array.from({ length: 64 }, (_, at) => {
  const chunk = new Uint8Array(chunkBytes).fill(0x5a);
  chunk[0] = at;
  chunk[chunkBytes - 1] = at;
  return chunk;
});

/** What came is not what was sent. */
export class WrongAnswerError extends Error {}

export const chunkAt = (at) => chunks[at % chunks.length];

/** Throws unless `chunk` is what `chunkAt(at)` gave. */
export function checkChunk(chunk, at) {
  const stamp = at % chunks.length;
  if (chunk.length !== chunkBytes || chunk[0] !== stamp || chunk[chunkBytes - 1] !== stamp) {
    throw new WrongAnswerError(
      `chunk ${at} came as ${chunk.length} bytes from ${chunk[0]} to ${chunk.at(-1)}`,
    );
  }
}

/** Takes items of a stream one by one; `count` is how many have come, in order and each once. */
export class TickCheck {
  count = 0;

  take(item) {
    if (item.seq !== this.count || item.value !== this.count * 0.5) {
      throw new WrongAnswerError(`item ${this.count} came as ${JSON.stringify(item)}`);
    }
    this.count++;
  }

  /** Throws unless it was `expected` items. */
  finish(expected) {
    if (this.count !== expected) throw new WrongAnswerError(`${this.count} of ${expected} items came`);
  }
}

/** What a server's side counts; read by the process that it runs in. */
export const counters = { produced: 0 };

/** W5: the most that a producer makes without being asked to wait; beyond that it counts as unbounded. */
export const producedLimit = 300_000;
