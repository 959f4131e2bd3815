/**
 * One open file that grows: reads on from where it stopped, and knows when what it has read is no longer there.
 *
 * For that it remembers the last bytes before its offset, and compares them with the file *after* every read: if they
 * are still there, nothing was truncated before the read, however much was written since.
 */
import { constants } from "node:fs";
import { type FileHandle, open, readdir } from "node:fs/promises";
import { join, parse } from "node:path";

const chunkBytes = 64 * 1024;
const fingerprintBytes = 1024;

export class FollowedFile {
  /** Device and inode. Not given to another file as long as this one is open. */
  readonly id: string;
  readonly #handle: FileHandle;
  #offset = 0;
  /** The last bytes before the offset. */
  #fingerprint: Buffer = Buffer.alloc(0);
  /** When the file was last written to, before the last read. */
  #modifiedNs = 0n;
  #isComplete = false;

  private constructor(handle: FileHandle, id: string) {
    this.#handle = handle;
    this.id = id;
  }

  /** Opens `path` to read from its start; `undefined` if there is nothing, an error if it is no regular file. */
  static async open(path: string): Promise<FollowedFile | undefined> {
    // Nonblocking, so as not to wait for a writer if the path names a pipe.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(undefinedIfAbsent);
    const stat = await handle?.stat({ bigint: true });
    if (handle === undefined || stat === undefined) return undefined;
    if (stat.isFile()) return new FollowedFile(handle, `${stat.dev}:${stat.ino}`);
    await handle.close();
    throw new TypeError(`Cannot follow ${path}: it is no regular file`);
  }

  /** Nothing will be added any more. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Goes to the end, or to the start of the line that has no newline yet. */
  async skipToEnd(): Promise<void> {
    const { size } = await this.#handle.stat();
    const start = Math.max(0, size - chunkBytes);
    const tail = await readAt(this.#handle, start, chunkBytes);
    const lines = tail.subarray(0, tail.lastIndexOf("\n") + 1);
    this.#offset = start + lines.length;
    this.#fingerprint = lines.subarray(-fingerprintBytes);
  }

  /**
   * What has been added, at most 64 KiB of it; empty at the end of the file.
   * `"rewritten"` when the file no longer holds what was read of it.
   */
  async read(): Promise<Buffer | "rewritten"> {
    const { size, mtimeNs } = await this.#handle.stat({ bigint: true });
    const added = await readAt(this.#handle, this.#offset, Math.min(Number(size) - this.#offset, chunkBytes));
    const known = Buffer.concat([this.#fingerprint, added]);
    const start = this.#offset - this.#fingerprint.length;
    if (!(await holds(this.#handle, known.subarray(0, fingerprintBytes), start))) return "rewritten";
    this.#modifiedNs = mtimeNs;
    this.#offset += added.length;
    this.#fingerprint = known.subarray(-fingerprintBytes);
    return added;
  }

  /** Starts again at the first byte. */
  rewind(): void {
    this.#offset = 0;
    this.#fingerprint = Buffer.alloc(0);
  }

  /**
   * Of a file at `path` that was copied and then truncated: its copy, to be read on from the same offset.
   * Looked for in the same directory, under names that begin alike.
   */
  async findCopy(path: string): Promise<FollowedFile | undefined> {
    const { dir, base, name: stem } = parse(path);
    for (const name of await readdir(dir || ".")) {
      if (name === base || !name.startsWith(stem)) continue;
      const file = await FollowedFile.open(join(dir, name)).catch(() => undefined); // not ours to read: no copy
      if (file === undefined) continue;
      if (await file.#continueFrom(this)) return file;
      await file.close();
    }
    return undefined;
  }

  /**
   * Takes over the offset of `original` if this is a copy of it: written to since it was last read, with the same
   * bytes before the offset, and more behind it.
   */
  async #continueFrom(original: FollowedFile): Promise<boolean> {
    const [offset, fingerprint] = [original.#offset, original.#fingerprint];
    const stat = await this.#handle.stat({ bigint: true });
    const hasMore = stat.size > offset && stat.mtimeNs >= original.#modifiedNs;
    if (fingerprint.length === 0 || !hasMore) return false;
    if (!(await holds(this.#handle, fingerprint, offset - fingerprint.length))) return false;
    [this.#offset, this.#fingerprint, this.#isComplete] = [offset, fingerprint, true];
    return true;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** Up to `length` bytes from `position` on; fewer where the file ends, none for a negative length. */
async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(Math.max(0, length));
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
  return buffer.subarray(0, bytesRead);
}

async function holds(handle: FileHandle, expected: Buffer, position: number): Promise<boolean> {
  return expected.equals(await readAt(handle, position, expected.length));
}

function undefinedIfAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
