/** When to look at a file again: the system's notices where there are any, and a poll for all that they miss. */
import { type FSWatcher, watch } from "node:fs";
import { basename, dirname } from "node:path";

/** `"content"`: the file may hold more. `"path"`: another file may stand at the path. */
export type FileHint = "content" | "path";

export interface FileHints {
  /** Milliseconds on a monotonic scale. */
  now(): number;
  /** Calls `listener` at every hint until the returned function is called. */
  subscribe(listener: (hint: FileHint) => void): () => void;
}

/** A `"path"` hint every `pollMs`, whatever happens, and both kinds at once where `fs.watch` tells of them. */
export function watchHints(path: string, pollMs: number): FileHints {
  return {
    now: () => performance.now(),
    subscribe(listener) {
      const poll = setInterval(listener, pollMs, "path");
      const watcher = watchDirectory(path, listener);
      return () => {
        clearInterval(poll);
        watcher?.close();
      };
    },
  };
}

/** Watches the directory, not the file: that shows a new file at the path too. */
function watchDirectory(path: string, listener: (hint: FileHint) => void): FSWatcher | undefined {
  try {
    const watcher = watch(dirname(path), (event, name) => {
      if (name === basename(path)) listener(event === "rename" ? "path" : "content");
    });
    return watcher.on("error", () => watcher.close());
  } catch {
    return undefined; // no such directory yet, or no watch to be had: the poll sees everything, only later
  }
}
