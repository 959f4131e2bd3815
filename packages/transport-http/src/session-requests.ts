/**
 * The requests of sessions: one that opens a link and is answered with its events, and those that bring its batches.
 *
 * Origin and Host have been judged. Spec: docs/wire.md §5.
 */
import { SluiceError } from "@sluice/protocol";
import { type Clock, FrameDecoder, type Link, standardUtf8, type Timer } from "@sluice/protocol/wire";
import { BatchOrder } from "./batch-order.ts";
import { badRequest, HttpRefusal, wrongMethod } from "./http-refusal.ts";
import type { BatchAnswer, HttpRequest } from "./http-request.ts";
import { type HeldLink, LinkTable, type LinkTableOptions, newToken } from "./link-table.ts";
import { type LinkCarrier, streamOfBody } from "./pulled-body.ts";
import { readBody } from "./read-body.ts";
import { ServerDuplex, WatchedLink } from "./server-duplex.ts";
import {
  batchHeader,
  eventsType,
  framesType,
  linkHeader,
  maxOpeningBytes,
  paddingHeader,
} from "./wire-headers.ts";

export interface SessionRequestsOptions extends LinkTableOptions {
  readonly maxBody: number;
  readonly bodyTimeout: number;
  readonly keepAlive: number;
  readonly clock: Clock;
}

/** How long the body of an opening may take, ms: nothing is known of its sender yet. */
const openingTimeout = 5_000;
/** Bytes of a batch of a client that has not been welcomed. */
const mostUnwelcomeBytes = 64 * 1024;
/** Batches of one link that may be read at once, and that may wait for one before them, with their bytes. */
const [mostReading, mostEarly, mostEarlyBytes] = [8, 16, 1024 * 1024];
/** How long a batch may be missing while later ones wait, ms. */
const gapTimeout = 10_000;
/** Bytes to which a client may have writes filled up. */
const mostPadding = 16_384;

const headers = {
  "content-type": eventsType,
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
  "x-content-type-options": "nosniff",
} as const;

/** Of the answer to a batch. */
const batchHeaders = {
  "content-type": "text/plain",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
} as const;

export class SessionRequests {
  readonly #options: SessionRequestsOptions;
  readonly #table: LinkTable;
  /** Timers of links with a gap. */
  readonly #gaps = new Map<HeldLink, Timer>();
  #onLink: ((link: Link) => void) | undefined;

  constructor(options: SessionRequestsOptions) {
    this.#options = options;
    this.#table = new LinkTable(options);
  }

  /** Links that are open. */
  get links(): number {
    return this.#table.size;
  }

  /** Who takes links from now on; `undefined`: nobody. */
  accept(onLink: ((link: Link) => void) | undefined): void {
    this.#onLink = onLink;
  }

  /**
   * Rejects with {@link HttpRefusal}. `remote`: the client's address, if known; `carrier` gets the body of a link, which its response
   * then lacks.
   */
  async fetch(request: Request, remote: string | undefined, carrier?: LinkCarrier): Promise<Response> {
    checkRequest(request);
    const token = request.headers.get(linkHeader);
    if (token === null) return this.#open(request, remote, carrier);
    const text = await this.#take(request, token, remote);
    return new Response(text, {
      status: 200,
      headers: { ...batchHeaders, "content-length": `${text.length}` },
    });
  }

  /** As {@link fetch}, for what names a link. */
  async takeBatch(request: HttpRequest, remote: string | undefined): Promise<BatchAnswer> {
    checkRequest(request);
    const text = await this.#take(request, request.headers.get(linkHeader) ?? "", remote);
    return { headers: batchHeaders, text };
  }

  async #open(
    request: Request,
    remote: string | undefined,
    carrier: LinkCarrier | undefined,
  ): Promise<Response> {
    const onLink = this.#onLink;
    if (onLink === undefined) {
      throw new HttpRefusal(
        new SluiceError("UNAVAILABLE", "No server takes links here", { processed: "no" }),
      );
    }
    const { clock, keepAlive } = this.#options;
    checkAccept(request);
    const padding = paddingOf(request);
    const free = this.#table.reserve(remote);
    try {
      const limits = { maxBody: maxOpeningBytes, bodyTimeout: openingTimeout, clock };
      const hello = await readBody(request, limits);
      checkFrames(hello);
      const token = newToken();
      const duplex = new ServerDuplex({
        info: remote === undefined ? { transport: "http" } : { transport: "http", remote },
        clock,
        keepAlive,
        padding,
        defer: carrier?.defer,
        onClosed: () => {
          free();
          for (const leave of held.leaving ?? []) leave();
          this.#table.delete(token);
          this.#endGap(held);
        },
      });
      const link = new WatchedLink(duplex);
      const order = new BatchOrder({ maxEarly: mostEarly, maxEarlyBytes: mostEarlyBytes });
      const held: HeldLink = { duplex, link, order, reading: 0 };
      this.#table.add(token, held);
      if (hello.length > 0) duplex.receive(hello);
      try {
        onLink(link);
      } catch (reason) {
        duplex.destroy();
        throw reason;
      }
      carrier?.take(duplex);
      const body = carrier === undefined ? streamOfBody(duplex) : null;
      return new Response(body, { status: 200, headers: { ...headers, [linkHeader]: token } });
    } catch (reason) {
      free();
      throw reason;
    }
  }

  /** Returns what is answered: the number of the last event. */
  async #take(request: HttpRequest, token: string, remote: string | undefined): Promise<string> {
    const held = this.#table.find(token, remote);
    const number = numberOf(request);
    const { maxBody, bodyTimeout, clock } = this.#options;
    // Who has not been welcomed has said HELLO, and has nothing more to say that would be long.
    const isWelcome = held.duplex.lastEvent > 0;
    const most = isWelcome ? mostReading : 1;
    if (held.reading >= most) {
      const message = `Cannot take the batch: ${most} of ${most} of this link are being read`;
      throw new HttpRefusal(new SluiceError("RESOURCE_EXHAUSTED", message, { processed: "no" }), 429);
    }
    held.reading++;
    held.leaving ??= new Set();
    let batch: Uint8Array;
    try {
      const size = isWelcome ? maxBody : Math.min(maxBody, mostUnwelcomeBytes);
      batch = await readBody(request, { maxBody: size, bodyTimeout, clock, leaving: held.leaving });
    } finally {
      held.reading--;
      if (held.reading === 0) held.leaving = undefined;
    }
    const { duplex, link, order } = held;
    if (duplex.isOver) this.#table.find(token, remote);
    const fate = order.take(number, batch, (next) => duplex.receive(next));
    this.#watchGap(held);
    if (link.malformed !== undefined) throw badFrames(link.malformed);
    if (fate === "refused") {
      const message = `Cannot take batch ${number}: ${order.next} is next, and too much waits for it`;
      throw new HttpRefusal(new SluiceError("ABORTED", message, { processed: "no" }), 409);
    }
    // What was answered to it within this turn counts as well.
    await twoTurns(duplex);
    return String(duplex.lastEvent);
  }

  /** A batch that is missing for too long ends the link: its calls go on over the next one. */
  #watchGap(held: HeldLink): void {
    if (!held.order.hasGap) this.#endGap(held);
    else if (!this.#gaps.has(held)) {
      const due = (): void => {
        const message = `Batch ${held.order.next} has not come within ${gapTimeout} ms`;
        held.link.destroy(new SluiceError("UNAVAILABLE", message));
      };
      this.#gaps.set(held, this.#options.clock.setTimer(gapTimeout, due, { background: true }));
    }
  }

  #endGap(held: HeldLink): void {
    this.#gaps.get(held)?.cancel();
    this.#gaps.delete(held);
  }
}

/** @throws {HttpRefusal} 405, 415 */
function checkRequest({ method, headers }: HttpRequest): void {
  if (method !== "POST") throw wrongMethod(`Cannot ${method} here: links are made by POST`, "POST");
  const media = headers.get("content-type")?.toLowerCase().split(";")[0]?.trim();
  const coding = (headers.get("content-encoding") ?? "identity").trim().toLowerCase();
  if (media === framesType && coding === "identity") return;
  const message = `Cannot take the body: a link takes ${framesType}, and nothing compressed`;
  const error = new SluiceError("INVALID_ARGUMENT", message, { processed: "no" });
  throw new HttpRefusal(error, 415, { accept: framesType });
}

/** @throws {HttpRefusal} 406 */
function checkAccept({ headers }: Request): void {
  if (headers.get("accept")?.toLowerCase().includes(eventsType) === true) return;
  const message = `Cannot open a link: its answer is ${eventsType}, which is not accepted`;
  throw new HttpRefusal(new SluiceError("INVALID_ARGUMENT", message, { processed: "no" }), 406);
}

/** @throws {HttpRefusal} 400 */
function numberOf({ headers }: HttpRequest): number {
  const text = headers.get(batchHeader) ?? "";
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw badRequest("Cannot take the batch: its number is no whole number from 1");
}

/** @throws {HttpRefusal} 400 */
function paddingOf({ headers }: Request): number {
  const text = headers.get(paddingHeader) ?? "0";
  if (/^\d{1,5}$/.test(text) && Number(text) <= mostPadding) return Number(text);
  throw badRequest(`Cannot fill up events: ${paddingHeader} is at most ${mostPadding}`);
}

/** The beginning of a link is judged before there is one. @throws {HttpRefusal} 400, 413 */
function checkFrames(bytes: Uint8Array): void {
  try {
    new FrameDecoder(standardUtf8).push(bytes, () => {});
  } catch (reason) {
    throw badFrames(SluiceError.from(reason, "PROTOCOL_ERROR"));
  }
}

function badFrames({ code, message }: SluiceError): HttpRefusal {
  return new HttpRefusal(new SluiceError(code, message, { processed: "no" }), 400);
}

/** The first ends with the flush of what had come, the second with that of what was answered to it meanwhile. */
async function twoTurns(duplex: ServerDuplex): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise<void>((resolve) => duplex.defer(resolve));
}
