/**
 * Follows a log file like `tail -F`: its lines as they are written, through every rotation of the file.
 *
 * Each line comes once and in order, whole, when its newline has been written, however reads cut it:
 *  - rename + create: the old file is read on until another stands at the path and the old one has been quiet for a
 *    poll, so a writer may finish it after the new one exists. An unfinished last line counts as a line then;
 *  - copy + truncate: the file is read again from 0, after what was unread has been read from the copy. Truncation is
 *    known by the bytes before the offset, so also when the file has outgrown the offset again;
 *  - no file: waits for one to appear. A deleted file is read to its end.
 *
 * What this one, like others, does not promise:
 *  - lost is a line that was written between copy and truncate; that was truncated with no copy beside the file
 *    (`name.1`, uncompressed), or twice since the last read, or before a byte of the file was read; or that was written
 *    to a replaced file after its poll of quiet;
 *  - a file that came to the path and left it between two looks (a notice of the system, or the poll) is missed;
 *  - a file rewritten in place counts as truncated; one rewritten with the very bytes that were there, as unchanged;
 *  - a writer that does not append (`O_APPEND`) leaves a hole of zeros before its next line when the file is truncated.
 *
 * Memory is bounded: a chunk of 64 KiB, a line's first 64 KiB (`cutMark` ends one that was longer), 16 files in waiting.
 * Nothing is read before the lines of the last chunk have been taken.
 */
import { type FileHints, watchHints } from "./file-hints.ts";
import { FileTrail } from "./file-trail.ts";
import { LineSplitter } from "./line-splitter.ts";

export interface FollowOptions {
  /** Ends the iteration, without an error. */
  readonly signal: AbortSignal;
  /** Where to begin in a file that is there at the first `next()`. From its end: with the first line completed after that. */
  readonly from: "start" | "end";
  /** Milliseconds between two looks at the path, and of quiet before a replaced file is left. Default 100. */
  readonly pollMs?: number;
  /** When to look, and the time; for tests. Default: a poll, and `fs.watch` where it works. */
  readonly hints?: FileHints;
}

/**
 * The lines of the file at `path`, without their newlines. Rejects if what is there cannot be read or is no regular file.
 * Files stay open until the iteration ends, which `for await` sees to.
 */
export async function* followFile(path: string, options: FollowOptions): AsyncGenerator<string, void, void> {
  const { signal, from, pollMs = 100, hints = watchHints(path, pollMs) } = options;
  const trail = new FileTrail(path, from, hints);
  const lines = new LineSplitter();
  const wake = () => trail.wake();
  signal.addEventListener("abort", wake);
  let quietFromMs = Infinity; // since when the current file has been replaced, and at its end
  try {
    while (!signal.aborted) {
      const nowMs = hints.now(); // before the read: what was written until this moment will be read
      const file = trail.current;
      const added = await file?.read();
      if (added === "rewritten") {
        if (!(await trail.restart())) yield* lines.finish();
      } else if (added !== undefined && added.length > 0) {
        quietFromMs = Infinity;
        for (const line of lines.push(added)) {
          if (signal.aborted) return;
          yield line;
        }
      } else {
        if (trail.isSuperseded) quietFromMs = Math.min(quietFromMs, nowMs);
        if (file?.isComplete || nowMs - quietFromMs >= pollMs) {
          quietFromMs = Infinity;
          yield* lines.finish();
          await trail.advance();
        } else {
          await trail.news();
        }
      }
    }
  } finally {
    signal.removeEventListener("abort", wake);
    await trail.close();
  }
}
