/** followFile on real files, one situation at a time; the time, and when it looks, are the test's. */
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type FileHint, type FileHints, watchHints } from "../src/file-hints.ts";
import { type FollowOptions, followFile } from "../src/follow-file.ts";
import { cutMark } from "../src/line-splitter.ts";

const pollMs = 100;
let directory: string;
let path: string;
let hints: ManualHints;
let stop: AbortController;
const followers: AsyncGenerator<string, void, void>[] = [];

/** Hints that come when the test says so. */
class ManualHints implements FileHints {
  /** How often the time was asked for: the follower does so before every read. */
  reads = 0;
  #nowMs = 0;
  #listener: ((hint: FileHint) => void) | undefined;

  now(): number {
    this.reads += 1;
    return this.#nowMs;
  }

  subscribe(listener: (hint: FileHint) => void): () => void {
    this.#listener = listener;
    return () => {
      this.#listener = undefined;
    };
  }

  /** Time for the poll, `elapsedMs` after the last. */
  poll(elapsedMs: number): void {
    this.#nowMs += elapsedMs;
    this.#listener?.("path");
  }
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "follow-file-"));
  path = join(directory, "app.log");
  hints = new ManualHints();
  stop = new AbortController();
});

afterEach(async () => {
  stop.abort();
  await Promise.all(followers.splice(0).map((lines) => lines.return()));
  expect(openFiles()).toEqual([]); // whatever happened
  rmSync(directory, { recursive: true });
});

function follow(options: Partial<FollowOptions> = {}): AsyncGenerator<string, void, void> {
  const lines = followFile(path, { signal: stop.signal, from: "start", pollMs, hints, ...options });
  followers.push(lines);
  return lines;
}

/** Polls every `elapsedMs` until `next` has settled, or its follower has looked and read so often. */
async function poll(next: Promise<unknown>, elapsedMs: number, reads: number = Infinity): Promise<void> {
  let isPending = true;
  const settled = () => {
    isPending = false;
  };
  next.then(settled, settled);
  for (const enough = hints.reads + reads; isPending && hints.reads < enough; await setImmediate()) {
    hints.poll(elapsedMs);
  }
}

/** Lets the follower take in all that has happened, without any time passing. */
async function settle(next: Promise<unknown>): Promise<void> {
  await poll(next, 0, 5);
}

/** Follows by the system's notices alone: the poll comes once in an hour. */
function followWatched(): AsyncGenerator<string, void, void> {
  const { subscribe } = watchHints(path, 3_600_000);
  return follow({ hints: { subscribe, now: () => hints.now() } });
}

/** Asks for the next line, and comes back when the follower has read all there is and waits. */
async function ask(
  lines: AsyncGenerator<string, void, void>,
): Promise<{ next: Promise<IteratorResult<string>> }> {
  const before = hints.reads;
  const next = lines.next();
  await vi.waitFor(() => expect(hints.reads).toBeGreaterThan(before), { interval: 1, timeout: 20_000 });
  for (let i = 0; i < 100; i++) await setImmediate();
  return { next };
}

/** The next `count` lines. */
async function take(
  lines: AsyncGenerator<string, void, void>,
  count: number,
  elapsedMs = pollMs,
): Promise<string[]> {
  const taken: string[] = [];
  while (taken.length < count) {
    const next = lines.next();
    await poll(next, elapsedMs);
    taken.push((await next).value ?? "(ended)");
  }
  return taken;
}

/** The files in the test's directory that this process holds open. */
function openFiles(): string[] {
  return [...new Set(descriptors())];
}

/** The same, each as often as it is open. */
function descriptors(): string[] {
  const links = readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ""; // closed meanwhile
    }
  });
  return links.filter((link) => link.startsWith(directory));
}

describe("followFile", () => {
  test("gives the lines that are there, then those that are added", async () => {
    writeFileSync(path, "1\n2\n");
    const lines = follow();
    expect(await take(lines, 2)).toEqual(["1", "2"]);
    appendFileSync(path, "3\n");
    expect(await take(lines, 1)).toEqual(["3"]);
  });

  test("waits for the newline of an unfinished line", async () => {
    writeFileSync(path, "1\nha");
    const lines = follow();
    expect(await take(lines, 1)).toEqual(["1"]);
    const next = lines.next();
    await settle(next);
    appendFileSync(path, Buffer.from("lf 🔍\n").subarray(0, 5)); // through the middle of a character
    await settle(next);
    appendFileSync(path, Buffer.from("lf 🔍\n").subarray(5));
    hints.poll(0);
    expect(await next).toEqual({ done: false, value: "half 🔍" });
  });

  test("begins at the end with the first line that is completed", async () => {
    writeFileSync(path, "1\n2\nha");
    const lines = follow({ from: "end" });
    const next = lines.next();
    await settle(next);
    appendFileSync(path, "lf\n3\n");
    hints.poll(0);
    expect(await next).toEqual({ done: false, value: "half" });
    expect(await take(lines, 1)).toEqual(["3"]);
  });

  test("begins at the end of an absent file with its first line", async () => {
    const lines = follow({ from: "end" });
    const next = lines.next();
    await settle(next);
    writeFileSync(path, "1\n");
    hints.poll(0);
    expect(await next).toEqual({ done: false, value: "1" });
  });

  test("waits for a file, also for one that vanishes for a while", async () => {
    const lines = follow();
    const next = lines.next();
    await settle(next);
    writeFileSync(path, "1\n");
    hints.poll(0);
    expect(await next).toEqual({ done: false, value: "1" });
    appendFileSync(path, "2\n");
    unlinkSync(path);
    expect(await take(lines, 1)).toEqual(["2"]); // it is still open here
    const another = lines.next();
    await settle(another);
    writeFileSync(path, "3\n");
    await poll(another, pollMs);
    expect(await another).toEqual({ done: false, value: "3" });
  });

  test("rejects what is no regular file", async () => {
    mkdirSync(path);
    for (const from of ["start", "end"] as const) {
      await expect(take(follow({ from }), 1)).rejects.toThrow(`Cannot follow ${path}: it is no regular file`);
    }
  });

  test("cuts a line that is longer than 64 KiB, and goes on with the next", async () => {
    writeFileSync(path, `${"x".repeat(1_000_000)}\n2\n`);
    expect(await take(follow(), 2)).toEqual(["x".repeat(65_536) + cutMark, "2"]);
  });

  test("reads no further than one chunk ahead of its consumer", async () => {
    writeFileSync(path, "1\n".repeat(65_536)); // two chunks
    const lines = follow();
    await take(lines, 1);
    for (let i = 0; i < 50; i++, await setImmediate()) hints.poll(pollMs); // a chance to read on
    writeFileSync(path, "1\n".repeat(32_768) + "2\n".repeat(32_768), { flag: "r+" });
    const rest = await take(lines, 65_535);
    expect(rest.filter((line) => line === "2")).toHaveLength(32_768);
  });

  test("ends at the abort, with nothing left open", async () => {
    writeFileSync(path, "1\n2\n3\n");
    const lines = follow();
    expect(await take(lines, 1)).toEqual(["1"]);
    expect(openFiles()).toEqual([path]);
    stop.abort();
    expect(await lines.next()).toEqual({ done: true, value: undefined });
    expect(openFiles()).toEqual([]);
  });

  test("ends at the abort while it waits", async () => {
    const { next } = await ask(followWatched());
    stop.abort();
    expect(await next).toEqual({ done: true, value: undefined });
  });
});

describe("followFile at rename and create", () => {
  test("reads the old file to its end first, also a last line without newline", async () => {
    writeFileSync(path, "1\n");
    const lines = follow();
    expect(await take(lines, 1)).toEqual(["1"]);
    appendFileSync(path, "2\n3");
    renameSync(path, `${path}.1`);
    writeFileSync(path, "4\n");
    expect(await take(lines, 3)).toEqual(["2", "3", "4"]);
  });

  test("stays with the old file until it has been quiet for a poll", async () => {
    const old = openSync(path, "a");
    writeSync(old, "1\n");
    const lines = follow();
    expect(await take(lines, 1)).toEqual(["1"]);
    const next = lines.next();
    renameSync(path, `${path}.1`);
    writeFileSync(path, "4\n");
    await settle(next); // it knows the new file
    hints.poll(pollMs - 1);
    await settle(next);
    writeSync(old, "2\n");
    hints.poll(0);
    expect(await next).toEqual({ done: false, value: "2" });
    const another = lines.next();
    hints.poll(pollMs - 1); // the time of quiet starts again
    await settle(another);
    writeSync(old, "3\n");
    closeSync(old);
    hints.poll(0);
    expect(await another).toEqual({ done: false, value: "3" });
    expect(await take(lines, 1)).toEqual(["4"]);
  });

  test("gives every replaced file its time of quiet", async () => {
    const lines = follow();
    const next = lines.next();
    await settle(next);
    writeFileSync(path, "1\n");
    hints.poll(0);
    expect(await next).toEqual({ done: false, value: "1" });
    unlinkSync(path);
    const second = openSync(path, "a");
    hints.poll(0);
    // Opened here and by the follower.
    await vi.waitFor(() => expect(descriptors().filter((file) => file === path)).toHaveLength(2), {
      interval: 1,
      timeout: 20_000,
    });
    unlinkSync(path);
    writeFileSync(path, "3\n");
    const another = lines.next();
    await settle(another);
    hints.poll(pollMs); // the first file has been quiet
    await settle(another);
    writeSync(second, "2\n");
    closeSync(second);
    hints.poll(0);
    expect(await another).toEqual({ done: false, value: "2" });
    expect(await take(lines, 1)).toEqual(["3"]);
  });

  test("misses no file while its consumer is slow", async () => {
    writeFileSync(path, "1\n");
    const lines = follow();
    expect(await take(lines, 1)).toEqual(["1"]);
    for (const line of ["2", "3", "4"]) {
      unlinkSync(path);
      writeFileSync(path, `${line}\n`);
      hints.poll(0);
      await vi.waitFor(() => expect(openFiles()).toContain(path), { interval: 1, timeout: 20_000 });
    }
    unlinkSync(path);
    expect(await take(lines, 3)).toEqual(["2", "3", "4"]);
  });

  test("is not confused by a file that is moved away and back", async () => {
    writeFileSync(path, "1\n");
    const lines = follow();
    expect(await take(lines, 1)).toEqual(["1"]);
    const next = lines.next();
    renameSync(path, `${path}.1`);
    await settle(next);
    renameSync(`${path}.1`, path);
    await settle(next);
    appendFileSync(path, "2\n");
    hints.poll(0);
    expect(await next).toEqual({ done: false, value: "2" });
  });
});

describe("followFile at copy and truncate", () => {
  test.each([
    ["is shorter", "c\n"],
    ["has grown to the same length", "c\nd\n"],
    ["has outgrown the offset", "c\nd\ne\nf\n"],
  ])("starts again when the file %s", async (_name, content) => {
    writeFileSync(path, "a\nb\n");
    const lines = follow();
    expect(await take(lines, 2)).toEqual(["a", "b"]);
    truncateSync(path);
    appendFileSync(path, content);
    const expected = content.trim().split("\n");
    expect(await take(lines, expected.length)).toEqual(expected);
  });

  test("knows a new file of a mebibyte by the bytes before its offset", async () => {
    const old = Array.from({ length: 20_000 }, (_, i) => `old line ${i}`);
    const fresh = Array.from({ length: 60_000 }, (_, i) => `new line ${i}`);
    writeFileSync(path, `${old.join("\n")}\n`);
    const lines = follow();
    expect(await take(lines, old.length)).toEqual(old);
    writeFileSync(path, `${fresh.join("\n")}\n`); // truncates
    expect(await take(lines, fresh.length)).toEqual(fresh);
  });

  test("takes what it had not read from the copy, also the rest of a line", async () => {
    writeFileSync(path, "1\n2");
    const lines = follow();
    expect(await take(lines, 1)).toEqual(["1"]);
    appendFileSync(path, " is cut\n3\n");
    copyFileSync(path, `${path}.1`);
    truncateSync(path);
    appendFileSync(path, "4\n");
    expect(await take(lines, 3, 0)).toEqual(["2 is cut", "3", "4"]); // and does not wait for more there
  });

  test("takes nothing from other files beside it", async () => {
    writeFileSync(path, "head\n");
    const lines = follow();
    expect(await take(lines, 1)).toEqual(["head"]);
    writeFileSync(`${path}.1`, "bead\nother bytes\n");
    writeFileSync(join(directory, "other.log"), "head\nanother name\n");
    writeFileSync(`${path}.2`, "head\nfrom before\n");
    utimesSync(`${path}.2`, 1_000_000_000, 1_000_000_000);
    mkdirSync(`${path}.d`);
    truncateSync(path);
    appendFileSync(path, "2\n");
    expect(await take(lines, 1)).toEqual(["2"]);
    expect(openFiles()).toEqual([path]);
  });

  test("gives an unfinished line that was truncated without a copy", async () => {
    writeFileSync(path, "1\nunfinished");
    const lines = follow();
    expect(await take(lines, 1)).toEqual(["1"]);
    const next = lines.next();
    await settle(next);
    truncateSync(path);
    hints.poll(0);
    expect(await next).toEqual({ done: false, value: "unfinished" });
  });
});

describe("watchHints", () => {
  test("sees new lines and a new file without waiting for the poll", async () => {
    const lines = followWatched();
    const first = await ask(lines);
    writeFileSync(path, "1\n");
    expect(await first.next).toEqual({ done: false, value: "1" });
    const second = await ask(lines);
    appendFileSync(path, "2\n");
    expect(await second.next).toEqual({ done: false, value: "2" });
    const third = await ask(lines);
    truncateSync(path);
    appendFileSync(path, "3\n");
    expect(await third.next).toEqual({ done: false, value: "3" });
  });

  test("polls where nothing can be watched", async () => {
    path = join(directory, "later", "app.log");
    const lines = follow({ pollMs: 5, hints: watchHints(path, 5) });
    const next = lines.next();
    mkdirSync(join(directory, "later"));
    writeFileSync(path, "1\n");
    expect(await next).toEqual({ done: false, value: "1" });
    const another = lines.next();
    appendFileSync(path, "2\n");
    expect(await another).toEqual({ done: false, value: "2" });
  });

  test("keeps nothing alive after the end", async () => {
    const resources = () => process.getActiveResourcesInfo().filter((name) => name === "FSEventWrap");
    writeFileSync(path, "1\n");
    for await (const line of followFile(path, { signal: stop.signal, from: "start" })) {
      expect(line).toBe("1");
      expect(resources()).toHaveLength(1);
      break;
    }
    expect(resources()).toHaveLength(0);
  });
});
