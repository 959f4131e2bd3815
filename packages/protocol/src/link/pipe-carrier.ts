/**
 * What moves the bytes of a raw pipe, and how a transport's package brings it. Spec: docs/pipes.md.
 */
import type { Clock } from "../clock.ts";
import type { ByteDuplex } from "./byte-link.ts";
import type { TlsOptions } from "./tls-options.ts";
import type { WebOriginOptions } from "./web-origin.ts";

/** A {@link ByteDuplex} that can be paused, and says what it has not got rid of. */
export interface PipeCarrier extends ByteDuplex {
  /** Bytes that were written and have not gone out. */
  readonly unsentBytes: number;
  /** Reads no more until `resume()`. What it has read already may still come. */
  pause(): void;
  resume(): void;
}

export interface PipeConnectOptions {
  /** For an address that is encrypted: whom to trust, and who this side is. */
  readonly tls?: TlsOptions | undefined;
  /** Milliseconds for the connection to be made. Default 10 s. */
  readonly connectTimeout?: number | undefined;
  /** Aborting it gives the connection up; one that is made is not concerned. */
  readonly signal?: AbortSignal | undefined;
  /** For tests. Default: the system's. */
  readonly clock?: Clock | undefined;
}

/** Which pages may open a pipe, where pages can. */
export interface PipeListenOptions extends WebOriginOptions {
  /** For tests. Default: the system's. */
  readonly clock?: Clock | undefined;
}

/** Waits for pipes at one address. */
export interface PipeListener {
  /** Resolves with the address, with the real port, once it listens. */
  listen(onCarrier: (carrier: PipeCarrier) => void): Promise<string>;
  /** Listens no more; carriers that were handed over stay. */
  close(): void;
}
