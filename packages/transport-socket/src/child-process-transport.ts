/**
 * A transport over the standard input and output of a child process: this side writes to its stdin and reads its stdout.
 */
import type { ChildProcess } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import {
  ByteLink,
  type Clock,
  type Link,
  SluiceError,
  systemClock,
  type Timer,
  type Transport,
} from "@sluice/protocol/wire";
import { StreamDuplex } from "./stream-duplex.ts";

export interface ChildProcessTransportOptions {
  /**
   * Milliseconds from the end of its stdin until a child that still runs is sent SIGTERM, and as many again until SIGKILL;
   * `dispose()` then waits for its end. Default: never. A child should end by itself when its stdin does.
   */
  readonly killAfter?: number;
  /** For tests. Default: the system's. */
  readonly clock?: Clock;
}

/** A child whose stdin and stdout are pipes. */
interface PipedChild {
  readonly process: ChildProcess;
  readonly stdin: Writable;
  readonly stdout: Readable;
}

/** How long the exit of a child may come after the end of its pipes, ms. */
const exitLingerMs = 1_000;

/**
 * The transport to a child, or to the child that a function starts for each connection. A child that was given is used once.
 *
 * Serves a `Client` (the child is the server) and a `Server` (the child is the client). stderr is left alone.
 * @throws {TypeError} if the child's stdin or stdout is no pipe
 */
export function childProcessTransport(
  child: ChildProcess | (() => ChildProcess | Promise<ChildProcess>),
  options: ChildProcessTransportOptions = {},
): Transport<unknown, unknown> {
  return new ChildProcessTransport(child, options);
}

class ChildProcessTransport implements Transport<unknown, unknown> {
  readonly name = "stdio";
  readonly #child: PipedChild | (() => ChildProcess | Promise<ChildProcess>);
  readonly #options: ChildProcessTransportOptions;
  readonly #links = new Set<Link>();
  readonly #ends = new Set<Promise<void>>();
  #isUsed = false;
  #isDisposed = false;

  constructor(
    child: ChildProcess | (() => ChildProcess | Promise<ChildProcess>),
    options: ChildProcessTransportOptions,
  ) {
    this.#child = typeof child === "function" ? child : piped(child);
    this.#options = options;
  }

  async connect(): Promise<Link> {
    this.#checkUsable();
    if (typeof this.#child !== "function") return this.#link(this.#useOnce(this.#child), true);
    let child: PipedChild;
    try {
      child = piped(await this.#child());
    } catch (reason) {
      const code = reason instanceof TypeError ? "INVALID_ARGUMENT" : "UNAVAILABLE";
      throw SluiceError.from(reason, code, { processed: "no" });
    }
    const link = this.#link(child, true);
    if (this.#isDisposed) {
      link.destroy();
      throw disposed();
    }
    return link;
  }

  accept(onLink: (link: Link) => void): void {
    this.#checkUsable();
    if (typeof this.#child === "function")
      throw new TypeError("Cannot accept: a function starts children to connect to");
    onLink(this.#link(this.#useOnce(this.#child), false));
  }

  async dispose(): Promise<void> {
    this.#isDisposed = true;
    for (const link of this.#links) link.close();
    if (typeof this.#child !== "function" && !this.#isUsed) this.#child.stdin.end();
    await Promise.all(this.#ends);
  }

  #link(child: PipedChild, checksOpening: boolean): Link {
    const { clock = systemClock } = this.#options;
    const exit = new ChildExit(child.process);
    const duplex = new StreamDuplex({
      peer: "The child process",
      input: child.stdout,
      output: child.stdin,
      checksOpening,
      clock,
      ending: () => exit.reason(clock),
      onOver: () => this.#links.delete(link),
    });
    const link = new ByteLink(duplex);
    this.#links.add(link);
    if (this.#options.killAfter !== undefined) this.#killLater(child, exit, this.#options.killAfter, clock);
    return link;
  }

  /** Once its stdin has ended, for whatever reason. */
  #killLater({ process: child, stdin }: PipedChild, exit: ChildExit, killAfter: number, clock: Clock): void {
    const end = (async () => {
      await new Promise<void>((resolve) => {
        if (stdin.destroyed || stdin.writableFinished) resolve();
        for (const event of ["finish", "close"]) stdin.once(event, () => resolve());
      });
      const ask = clock.setTimer(killAfter, () => child.kill());
      const force = clock.setTimer(2 * killAfter, () => child.kill("SIGKILL"));
      await exit.over;
      ask.cancel();
      force.cancel();
    })();
    this.#ends.add(end);
    void end.then(() => this.#ends.delete(end));
  }

  #useOnce(child: PipedChild): PipedChild {
    if (this.#isUsed) {
      throw new SluiceError("FAILED_PRECONDITION", `Cannot connect: ${stateOf(child.process)}`, {
        processed: "no",
      });
    }
    this.#isUsed = true;
    return child;
  }

  #checkUsable(): void {
    if (this.#isDisposed) throw disposed();
  }
}

function disposed(): SluiceError {
  return new SluiceError("UNAVAILABLE", "Cannot connect: the transport was disposed", { processed: "no" });
}

/** The end of a child, heard from the first moment on. */
class ChildExit {
  /** Resolves when the process is gone, or was never there. */
  readonly over: Promise<void>;
  readonly #child: ChildProcess;
  #startError: Error | undefined;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.over = new Promise((resolve) => {
      if (hasExited(child)) resolve();
      child.once("exit", () => resolve());
      // Heard for good: a child that cannot be started, or killed, says so by this event.
      child.on("error", (error) => {
        this.#startError ??= error;
        if (child.pid === undefined) resolve();
      });
    });
  }

  /** Why its pipes are over: its exit, which may come a moment later. */
  async reason(clock: Clock): Promise<SluiceError> {
    let timer: Timer | undefined;
    const late = new Promise<void>((resolve) => {
      timer = clock.setTimer(exitLingerMs, resolve, { background: true });
    });
    await Promise.race([this.over, late]);
    timer?.cancel();
    const cause = this.#startError;
    if (this.#child.pid === undefined) {
      const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? "unknown";
      return new SluiceError("UNAVAILABLE", `Cannot start the child process: ${code}`, {
        cause,
        processed: "no",
      });
    }
    return new SluiceError(
      "UNAVAILABLE",
      hasExited(this.#child) ? stateOf(this.#child) : "the child process has closed its pipes",
    );
  }
}

function hasExited({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

function stateOf({ exitCode, signalCode }: ChildProcess): string {
  if (signalCode !== null) return `the child process was ended by ${signalCode}`;
  if (exitCode !== null) return `the child process has exited with code ${exitCode}`;
  return "the child process of this transport was used already; pass a function that starts one for each connection";
}

/** @throws {TypeError} */
function piped(process: ChildProcess): PipedChild {
  const { stdin, stdout } = process;
  for (const [name, stream] of [
    ["stdin", stdin],
    ["stdout", stdout],
  ] as const) {
    if (stream === null || stream === undefined) {
      throw new TypeError(
        `childProcessTransport needs the child's ${name}: start it with { stdio: ["pipe", "pipe", "inherit"] }`,
      );
    }
  }
  if (stdout?.readableEncoding) {
    throw new TypeError(
      "childProcessTransport needs the bytes of the child's stdout: leave out setEncoding()",
    );
  }
  return { process, stdin: stdin as Writable, stdout: stdout as Readable };
}
