/**
 * A request as far as sessions look at it: a Request of the standard is one, and one of Node's is made one for a tenth of its cost.
 */

export interface HttpRequest {
  readonly method: string;
  readonly headers: HttpHeaders;
  readonly body: { getReader(): HttpBodyReader } | null;
}

/** Names in any case; two headers of one name are one with a comma. */
export interface HttpHeaders {
  get(name: string): string | null;
}

/** The part of a reader of the standard that is used. */
export interface HttpBodyReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  /** Nobody wants the rest: a `read()` that waits ends. */
  cancel(reason?: unknown): Promise<void>;
}

/** A transport of a server that takes batches past Request and Response, for carriers of this package. */
export interface TakesBatches {
  "~takeBatch"(request: HttpRequest, from: BatchSource): Promise<BatchAnswer | Response> | undefined;
}

/** What only the platform knows of a request. */
export interface BatchSource {
  /** As it stood in the request's line. */
  readonly target: string;
  readonly isEncrypted: boolean;
  readonly remote: string | undefined;
  readonly local: string | undefined;
}

/** A batch was taken: 200, and all that the answer says. */
export interface BatchAnswer {
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}
