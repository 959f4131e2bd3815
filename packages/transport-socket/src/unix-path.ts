/**
 * Paths of Unix sockets: short enough for the system, and free to bind.
 */
import { Buffer } from "node:buffer";
import { type BigIntStats, lstatSync, unlinkSync } from "node:fs";
import { connect } from "node:net";
import { SluiceError } from "@sluice/protocol/wire";

/** Bytes of `sun_path` without its final NUL. Node cuts longer paths silently, so that two could mean one file. */
const longestPath = process.platform === "linux" ? 107 : 103;

/** @throws {SluiceError} `INVALID_ARGUMENT` for a path that the system would cut */
export function checkUnixPath(path: string): void {
  const bytes = Buffer.byteLength(path);
  if (bytes <= longestPath) return;
  throw new SluiceError(
    "INVALID_ARGUMENT",
    `Invalid socket path ${JSON.stringify(path)}: ${bytes} bytes, at most ${longestPath}. Use a shorter or a relative path`,
    { processed: "no" },
  );
}

/** Whether somebody answers at `path`. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    const settle = (answer: boolean): void => {
      probe.destroy();
      resolve(answer);
    };
    probe.once("connect", () => settle(true));
    probe.once("error", (error: NodeJS.ErrnoException) => {
      // Anything but a plain refusal (no permission, a full backlog) is somebody.
      settle(error.code !== "ECONNREFUSED" && error.code !== "ENOENT");
    });
  });
}

/**
 * Removes what a dead server has left at `path`: a socket file where nobody answers, and nothing else.
 *
 * Rejects with `ALREADY_EXISTS` if a server answers there, or if it is no socket.
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false, bigint: true });
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new SluiceError("ALREADY_EXISTS", `Cannot listen at ${path}: it exists and is no socket`, {
      processed: "no",
    });
  }
  if (await isAnswered(path)) {
    throw new SluiceError("ALREADY_EXISTS", `Cannot listen at ${path}: another server answers there`, {
      processed: "no",
    });
  }
  const now = lstatSync(path, { throwIfNoEntry: false, bigint: true });
  // Somebody may have replaced the file while we asked; its successor may have got the same inode.
  if (now !== undefined && isSameFile(now, found)) unlinkSync(path);
}

function isSameFile(one: BigIntStats, other: BigIntStats): boolean {
  return one.dev === other.dev && one.ino === other.ino && one.ctimeNs === other.ctimeNs;
}
