/**
 * Waits for raw pipes at an address: for one, or for any number.
 */
import {
  type Address,
  type AddressScheme,
  type Clock,
  encodePipeFrame,
  type PipeCarrier,
  parseAddress,
  SluiceError,
  type WebOriginOptions,
} from "@sluice/protocol/wire";
import { moduleFor } from "./by-scheme.ts";
import { makePipe, type Pipe } from "./pipe.ts";
import { checkPipeOptions, type PipeOptions } from "./pipe-options.ts";
import { noPipe, type PipeScheme } from "./pipe-schemes.ts";
import { type PipePort, SocketPipePort } from "./socket-pipe-port.ts";
import type { TlsServerOptions } from "./tls-context.ts";

/** {@link WebOriginOptions} are for `ws:` addresses, which pages can reach too. */
export interface ServePipeOptions extends PipeOptions, WebOriginOptions {
  /** For a `tls:` address, which needs it. */
  readonly tls?: TlsServerOptions;
  /** Pipes that are open at once; further peers are turned away. Default 1,000. */
  readonly maxPipes?: number;
}

/** Takes a pipe. If it throws, or its promise rejects, the pipe is aborted; the server goes on. */
export type OnPipe = (pipe: Pipe) => unknown;

export interface PipeServer {
  /** Where it listens, with the real port. */
  readonly address: string;
  /** Pipes that are open. */
  readonly pipes: ReadonlySet<Pipe>;
  /** Listens no more and closes every pipe. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The pipe to the first peer that connects, before it has: what is written waits for it. */
export interface ServedPipe {
  /** Where it listens, with the real port. */
  readonly address: string;
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  /** The pipe, once the peer is there. Rejects if it never comes. */
  readonly pipe: Promise<Pipe>;
  /** Ends the pipe, or gives the wait up. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const defaultMaxPipes = 1_000;
/** How long a peer that was refused may linger, ms: it may be reading. */
const lingerMs = 5_000;

type MakePort = (address: Address, options: ServePipeOptions) => PipePort | Promise<PipePort>;

/** Which port a scheme means. */
const ports: Readonly<Record<PipeScheme, MakePort>> = {
  unix: socketPort,
  tcp: socketPort,
  tls: socketPort,
  ws: loadPort,
  wss: loadPort,
};

/**
 * Listens at `url` (`unix:…`, `tcp://host:port`, `tls://host:port` with `tls`, and with
 * `@sluice/transport-websocket` installed `ws://host:port/path`) and resolves once it does.
 *
 * With `onPipe`: every peer gets a pipe of its own. Without: the pipe of the first peer, behind which nobody else gets in.
 * Rejects as `listenSocket().listen()`; `UNIMPLEMENTED` for a scheme without pipes.
 */
export function servePipe(url: string, onPipe: OnPipe, options?: ServePipeOptions): Promise<PipeServer>;
export function servePipe(url: string, options?: ServePipeOptions): Promise<ServedPipe>;
export async function servePipe(
  url: string,
  second?: ServePipeOptions | OnPipe,
  third?: ServePipeOptions,
): Promise<PipeServer | ServedPipe> {
  if (typeof second === "function") return serveMany(url, second, third ?? {});
  return serveOne(url, second ?? {});
}

interface Listening {
  readonly address: string;
  readonly pipes: ReadonlySet<Pipe>;
  /** Listens no more; pipes stay. */
  stop(): void;
}

async function listen(url: string, onPipe: OnPipe, options: ServePipeOptions): Promise<Listening> {
  const { maxPipes = defaultMaxPipes } = options;
  if (!(Number.isInteger(maxPipes) && maxPipes > 0)) {
    throw new RangeError(`maxPipes is a whole number from 1 on, not ${maxPipes}`);
  }
  const checked = checkPipeOptions(options);
  const address = parseAddress(url);
  const make = (ports as { readonly [Scheme in AddressScheme]?: MakePort })[address.scheme];
  if (make === undefined) throw noPipe(address.scheme);
  const port = await make(address, options);
  const pipes = new Set<Pipe>();
  const where = await port.listen((carrier, refusal) => {
    const error = refusal ?? (pipes.size < maxPipes ? undefined : tooMany(maxPipes));
    if (error !== undefined) {
      refuse(carrier, error, checked.clock);
      return;
    }
    const pipe = makePipe(carrier, checked);
    const gone = (): void => void pipes.delete(pipe);
    pipes.add(pipe);
    pipe.closed.then(gone, gone);
    void take(pipe, onPipe);
  });
  return { address: where, pipes, stop: () => port.close() };
}

async function serveMany(url: string, onPipe: OnPipe, options: ServePipeOptions): Promise<PipeServer> {
  const { address, pipes, stop } = await listen(url, onPipe, options);
  const close = async (): Promise<void> => {
    stop();
    await Promise.all([...pipes].map((pipe) => pipe.close()));
  };
  return { address, pipes, close, [Symbol.asyncDispose]: close };
}

async function serveOne(url: string, options: ServePipeOptions): Promise<ServedPipe> {
  let arrive!: (pipe: Pipe) => void;
  let giveUp!: (error: SluiceError) => void;
  const pipe = new Promise<Pipe>((resolve, reject) => {
    arrive = resolve;
    giveUp = reject;
  });
  // Who reads or writes is told by the streams.
  pipe.catch(() => {});
  const listening = await listen(
    url,
    (one) => {
      arrive(one);
      listening.stop();
    },
    { ...options, maxPipes: 1 },
  );
  const { address, pipes, stop } = listening;
  const close = async (): Promise<void> => {
    stop();
    giveUp(new SluiceError("CANCELLED", "The pipe was closed before anybody came"));
    await Promise.all([...pipes].map((one) => one.close()));
  };
  return { address, ...lateStreams(pipe), pipe, close, [Symbol.asyncDispose]: close };
}

async function take(pipe: Pipe, onPipe: OnPipe): Promise<void> {
  try {
    await onPipe(pipe);
  } catch (reason) {
    // Most often the pipe itself was lost, which its streams have said. A fault of the program ends this pipe and no other.
    await abortPipe(pipe, reason).catch(() => {});
  }
}

async function abortPipe(pipe: Pipe, reason: unknown): Promise<void> {
  const stops: Promise<void>[] = [];
  if (!pipe.writable.locked) stops.push(pipe.writable.abort(reason));
  if (!pipe.readable.locked) stops.push(pipe.readable.cancel(reason));
  await Promise.allSettled(stops);
  // What is still held is ended all the same.
  await pipe.close();
}

/** Says why, and leaves. */
function refuse(carrier: PipeCarrier, { code, message }: SluiceError, clock: Clock): void {
  const linger = clock.setTimer(lingerMs, () => carrier.destroy(), { background: true });
  carrier.start({ data() {}, drained() {}, closed: () => linger.cancel() });
  carrier.write([encodePipeFrame({ type: "close", side: "both", code, reason: message })]);
  carrier.end();
}

function tooMany(maxPipes: number): SluiceError {
  return new SluiceError("RESOURCE_EXHAUSTED", `Cannot take the pipe: ${maxPipes} of ${maxPipes} are open`);
}

/** The streams of a pipe that is not there yet. They hold nothing: its own ends decide how much may wait. */
function lateStreams(pipe: Promise<Pipe>): Pick<Pipe, "readable" | "writable"> {
  const reader = pipe.then(({ readable }) => readable.getReader());
  const writer = pipe.then(({ writable }) => writable.getWriter());
  reader.catch(() => {});
  writer.catch(() => {});
  return {
    readable: new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const { done, value } = await (await reader).read();
          if (done) controller.close();
          else controller.enqueue(value);
        },
        cancel: async (reason) => (await reader).cancel(reason),
      },
      { highWaterMark: 0 },
    ),
    writable: new WritableStream<Uint8Array>(
      {
        async write(chunk) {
          const to = await writer;
          await to.ready;
          await to.write(chunk);
        },
        close: async () => (await writer).close(),
        abort: async (reason) => (await writer).abort(reason),
      },
      { highWaterMark: 1 },
    ),
  };
}

function socketPort(address: Address, options: ServePipeOptions): PipePort {
  return new SocketPipePort(address, options);
}

async function loadPort(address: Address, options: ServePipeOptions): Promise<PipePort> {
  const { clock, allowedOrigin, allowedHost, requireOrigin, tls } = options;
  if (tls !== undefined) throw new TypeError("tls options need a tls:// address");
  const { listenForPipes } = await moduleFor(address);
  if (listenForPipes === undefined) throw noPipe(address.scheme);
  return listenForPipes(address, { clock, allowedOrigin, allowedHost, requireOrigin });
}
