/**
 * The links that a server has over HTTP, by the token that their batches bring; how many there may be, in all and from one address.
 *
 * Spec: docs/wire.md §5.
 */
import { SluiceError } from "@sluice/protocol";
import { type Clock, RemotePlaces, remoteNetwork } from "@sluice/protocol/wire";
import type { BatchOrder } from "./batch-order.ts";
import { HttpRefusal } from "./http-refusal.ts";
import type { ServerDuplex, WatchedLink } from "./server-duplex.ts";

/** A link, and what its batches need. */
export interface HeldLink {
  readonly duplex: ServerDuplex;
  readonly link: WatchedLink;
  readonly order: BatchOrder;
  /** Batches whose bodies are being read. */
  reading: number;
  /** What leaves those bodies; there while there are any. */
  leaving?: Set<() => void> | undefined;
}

export interface LinkTableOptions {
  readonly maxLinks: number;
  readonly maxLinksPerRemote: number;
  readonly clock: Clock;
}

/** Tokens that are none, of one address, before it is told to wait; and for how long they count, ms. */
const [mostGuesses, guessMs] = [100, 10_000];
/** Addresses whose guesses are counted. */
const mostGuessers = 1_000;

export class LinkTable {
  readonly #options: LinkTableOptions;
  readonly #links = new Map<string, HeldLink>();
  /** Of links that are open, and those that are being opened. */
  readonly #places: RemotePlaces;
  readonly #guesses = new Map<string, { since: number; count: number }>();

  constructor(options: LinkTableOptions) {
    this.#options = options;
    this.#places = new RemotePlaces({ max: options.maxLinks, maxPerRemote: options.maxLinksPerRemote });
  }

  get size(): number {
    return this.#links.size;
  }

  /**
   * Keeps a place for a link of `remote`. Returns what frees it; a second time does nothing.
   * @throws {HttpRefusal} 429
   */
  reserve(remote: string | undefined): () => void {
    const { maxLinks, maxLinksPerRemote } = this.#options;
    const full = this.#places.full(remote);
    if (full === "all") throw tooMany(`${maxLinks} of ${maxLinks} links are open (maxLinks)`);
    if (full === "remote") {
      throw tooMany(
        `${maxLinksPerRemote} of ${maxLinksPerRemote} links of one address are open (maxLinksPerRemote)`,
      );
    }
    return this.#places.take(remote);
  }

  add(token: string, held: HeldLink): void {
    this.#links.set(token, held);
  }

  delete(token: string): void {
    this.#links.delete(token);
  }

  /**
   * The link of `token`, which `remote` has sent.
   * @throws {HttpRefusal} 404 if there is none; 429 after many of those
   */
  find(token: string, remote: string | undefined): HeldLink {
    const held = this.#links.get(token);
    if (held !== undefined) return held;
    this.#countGuess(remoteNetwork(remote ?? ""));
    const error = new SluiceError("NOT_FOUND", "There is no such link", { processed: "no" });
    throw new HttpRefusal(error, 404);
  }

  #countGuess(host: string): void {
    const now = this.#options.clock.now();
    let guesses = this.#guesses.get(host);
    if (guesses === undefined || now - guesses.since >= guessMs) {
      if (this.#guesses.size >= mostGuessers) this.#guesses.clear();
      guesses = { since: now, count: 0 };
      this.#guesses.set(host, guesses);
    }
    if (++guesses.count > mostGuesses) throw tooMany("too many requests name links that are not there");
  }
}

function tooMany(what: string): HttpRefusal {
  const error = new SluiceError("RESOURCE_EXHAUSTED", `Cannot take the request: ${what}`, {
    processed: "no",
  });
  return new HttpRefusal(error, 429);
}

/** A token that nobody guesses: 128 random bits. */
export function newToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
