/**
 * A file on its way in: bytes gather beside the place where it will stand, and it appears there at once and whole, or never.
 */
import { createHash, randomUUID } from "node:crypto";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

/** What a transfer moved. */
export interface Digest {
  readonly bytes: number;
  /** In hexadecimal digits. */
  readonly sha256: string;
}

export class IncomingFile {
  bytes = 0;
  readonly #path: string;
  readonly #temporary: string;
  readonly #handle: FileHandle;
  readonly #hash = createHash("sha256");

  private constructor(path: string, temporary: string, handle: FileHandle) {
    this.#path = path;
    this.#temporary = temporary;
    this.#handle = handle;
  }

  /** Begins a file for `path`. Whoever begins one calls {@link discard} in the end, whatever has happened. */
  static async begin(path: string): Promise<IncomingFile> {
    const temporary = join(dirname(path), `.${randomUUID()}.part`);
    return new IncomingFile(path, temporary, await open(temporary, "wx", 0o600));
  }

  /** Resolves when the system has the chunk. Await it: that is what makes the sender wait for a slow disk. */
  async write(chunk: Uint8Array): Promise<void> {
    await this.#handle.writeFile(chunk);
    this.#hash.update(chunk);
    this.bytes += chunk.length;
  }

  /** No more bytes come: what they were. Once. */
  digest(): Digest {
    return { bytes: this.bytes, sha256: this.#hash.digest("hex") };
  }

  /** Puts the file in its place; one of that name is replaced. */
  async keep(): Promise<void> {
    await this.#handle.close(); // some systems move no file that is open
    await rename(this.#temporary, this.#path);
  }

  /** Ends it: what was not kept is removed. */
  async discard(): Promise<void> {
    await this.#handle.close(); // a second time does nothing
    await rm(this.#temporary, { force: true });
  }
}
