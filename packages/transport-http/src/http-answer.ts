/**
 * A request of the client's transport, and what it reads of the answer: a Response of the standard is one, and Node's own is made one cheaply.
 */

/** A `POST` of the transport. Names of headers are in lower case. */
export interface TransportPost {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Ends the request, and the reading of its answer. */
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  /** Read by this or by `text()`, not by both. */
  readonly body: ReadableStream<Uint8Array> | null;
  text(): Promise<string>;
}
