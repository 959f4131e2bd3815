/** Keeps what a byte duplex brings: every chunk, and when it came. */
import type { Clock } from "../../../src/clock.ts";
import type { SluiceError } from "../../../src/errors/sluice-error.ts";
import type { ByteDuplex } from "../../../src/link/byte-link.ts";

export class DuplexRecorder {
  readonly duplex: ByteDuplex;
  /** Lengths of the chunks, in order. */
  readonly sizes: number[] = [];
  /** When each chunk came, ms. */
  readonly times: number[] = [];
  /** What `closed` was told, each time. */
  readonly ends: (SluiceError | undefined)[] = [];
  drained = 0;
  readonly #chunks: Uint8Array[] = [];

  constructor(duplex: ByteDuplex, clock: Clock) {
    this.duplex = duplex;
    duplex.start({
      data: (chunk) => {
        this.sizes.push(chunk.length);
        this.times.push(clock.now());
        this.#chunks.push(chunk.slice());
      },
      drained: () => void this.drained++,
      closed: (error) => void this.ends.push(error),
    });
  }

  /** Everything that came, joined. */
  get bytes(): number[] {
    return this.#chunks.flatMap((chunk) => [...chunk]);
  }

  /** Writes each of `chunks`. Returns whether more may follow at once. */
  write(...chunks: readonly Uint8Array[]): boolean {
    return this.duplex.write(chunks);
  }
}

/** `length` bytes: `first`, and one more each. */
export function counted(length: number, first = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (first + at) % 256);
}
