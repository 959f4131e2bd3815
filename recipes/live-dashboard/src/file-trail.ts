/**
 * The files that have stood at a path, oldest first, each held open until the reader is done with it.
 *
 * Looks at the path also while nobody reads, so that a slow reader misses no file.
 */
import type { FileHint, FileHints } from "./file-hints.ts";
import { FollowedFile } from "./followed-file.ts";

/** So many files wait at most; after that the path is not looked at until the reader has come on. */
const maxFiles = 16;

export class FileTrail {
  readonly #path: string;
  readonly #files: FollowedFile[] = [];
  readonly #unsubscribe: () => void;
  #looking: Promise<void> | undefined;
  #isHinted = false;
  #failure: unknown;
  #hasNews = false;
  #wake: () => void = () => {};

  /** Starts to look at once; a file that is there then is read from its start, or from its end. */
  constructor(path: string, from: "start" | "end", hints: FileHints) {
    this.#path = path;
    this.#unsubscribe = hints.subscribe((hint) => this.#take(hint));
    this.#look(from);
  }

  /** The file to read; `undefined` as long as there has been none. */
  get current(): FollowedFile | undefined {
    return this.#files[0];
  }

  /** Whether another file has taken the place of the current one. */
  get isSuperseded(): boolean {
    return this.#files.length > 1;
  }

  /** Resolves when there may be more to read, or at {@link wake}; at once if that was so since the last call. */
  async news(): Promise<void> {
    if (!this.#hasNews) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#hasNews = false;
    if (this.#failure !== undefined) throw this.#failure;
  }

  wake(): void {
    this.#hasNews = true;
    this.#wake();
  }

  /** The current file has been read to its end: closes it and goes on to the next. */
  async advance(): Promise<void> {
    await this.#files.shift()?.close();
  }

  /** The current file was truncated: first what remains of its copy, if there is one (the answer), then it again. */
  async restart(): Promise<boolean> {
    const copy = await this.current?.findCopy(this.#path);
    this.current?.rewind();
    if (copy !== undefined) this.#files.unshift(copy);
    return copy !== undefined;
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    await this.#looking;
    await Promise.all(this.#files.splice(0).map((file) => file.close()));
  }

  #take(hint: FileHint): void {
    if (hint === "path") this.#look("start");
    else this.wake();
  }

  #look(from: "start" | "end"): void {
    this.#isHinted = true;
    this.#looking ??= this.#lookWhileHinted(from).finally(() => {
      this.#looking = undefined;
    });
  }

  async #lookWhileHinted(from: "start" | "end"): Promise<void> {
    for (let first = from; this.#isHinted; first = "start") {
      this.#isHinted = false;
      await this.#openNewest(first).catch((error) => {
        this.#failure = error; // the reader gets it after the files that it has
      });
      this.wake();
    }
  }

  async #openNewest(from: "start" | "end"): Promise<void> {
    if (this.#files.length >= maxFiles) return;
    const file = await FollowedFile.open(this.#path);
    if (file?.id === this.#files.at(-1)?.id) return file?.close();
    if (file === undefined) return;
    if (from === "end") await file.skipToEnd();
    this.#files.push(file);
  }
}
