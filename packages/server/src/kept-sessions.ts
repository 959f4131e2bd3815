/**
 * The sessions that peers can find again: who may, with which secret, and how many wait without a link.
 *
 * Spec: docs/wire.md §3.1, §4.7.
 */
import {
  contentOf,
  type Hello,
  isPlain,
  type ResolvedLimits,
  type ResumedSession,
  type Session,
  type SessionClaim,
  type SessionTicket,
  SluiceError,
} from "@sluice/protocol/wire";

/**
 * The same for the same identity: a text of its content where it is plain data, else the object itself. `undefined`: a peer that
 * nobody knows.
 */
type Owner = string | object | undefined;

interface Kept {
  readonly session: Session;
  readonly owner: Owner;
  /** What finds it from now on. */
  secret: string;
  /** What found it last; good until the peer has shown that it has the new one. */
  formerSecret: string | undefined;
  attempt: number;
}

export class KeptSessions {
  readonly #limits: ResolvedLimits;
  readonly #kept = new Map<string, Kept>();
  /** Ids of those without a link by their owners, the longest first. */
  readonly #waiting = new Map<Owner, Set<string>>();
  #detached = 0;

  constructor(limits: ResolvedLimits) {
    this.#limits = limits;
  }

  /** Sessions without a link. */
  get detached(): number {
    return this.#detached;
  }

  /** Draws what a new session is found by. */
  draw(): SessionTicket {
    return { id: randomToken(), secret: randomToken(), graceMs: this.#limits.graceMs };
  }

  /** Keeps `session`, of the peer with `identity`, under `ticket` until {@link forget}. */
  keep({ id, secret }: SessionTicket, session: Session, identity: unknown): void {
    const owner = ownerOf(identity);
    this.#kept.set(id, { session, owner, secret, formerSecret: undefined, attempt: 0 });
  }

  /** It is over. */
  forget(id: string): void {
    this.attached(id);
    this.#kept.delete(id);
  }

  /**
   * Finds the session that `hello` of the peer with `identity` claims, over a link of kind `kind`; `undefined` if there is none for it.
   * @throws {SluiceError} `SESSION_TAKEN_OVER` for an attempt that a later one has overtaken
   */
  find(
    hello: Hello,
    claim: SessionClaim,
    identity: unknown,
    kind: "binary" | "structured",
  ): ResumedSession | undefined {
    const kept = this.#kept.get(claim.id);
    if (kept === undefined || !isItsSecret(kept, claim.secret)) return undefined;
    const { session } = kept;
    if (
      kept.owner !== ownerOf(identity) ||
      session.peer.epoch !== hello.peer.epoch ||
      !speaks(session, hello, kind)
    ) {
      return undefined;
    }
    if (claim.attempt <= kept.attempt) {
      throw new SluiceError("SESSION_TAKEN_OVER", "A later attempt has found the session");
    }
    kept.attempt = claim.attempt;
    kept.formerSecret = claim.secret;
    kept.secret = randomToken();
    return {
      session,
      ticket: { id: claim.id, secret: kept.secret, graceMs: this.#limits.graceMs },
      confirmed: () => {
        kept.formerSecret = undefined;
      },
    };
  }

  /** It has a link, or needs none any more. */
  attached(id: string): void {
    const owner = this.#kept.get(id)?.owner;
    const own = this.#waiting.get(owner);
    if (own?.delete(id) !== true) return;
    this.#detached--;
    if (own.size === 0) this.#waiting.delete(owner);
  }

  /**
   * It has lost its link. Where too many wait, the one of the same owner that has waited longest is given up, which may be this one;
   * those of others never are. Peers that nobody knows are one owner, without a bound of its own.
   */
  lost(id: string): void {
    const kept = this.#kept.get(id);
    if (kept === undefined) return;
    const { maxSessions, maxSessionsPerIdentity } = this.#limits;
    const own = this.#waiting.get(kept.owner) ?? new Set();
    this.#waiting.set(kept.owner, own.add(id));
    this.#detached++;
    const mostOwn = kept.owner === undefined ? maxSessions : maxSessionsPerIdentity;
    if (this.#detached <= maxSessions && own.size <= mostOwn) return;
    const [longest] = own;
    this.#kept.get(longest as string)?.session.lose(givenUp());
  }
}

function ownerOf(identity: unknown): Owner {
  if (typeof identity !== "object" || identity === null) {
    return typeof identity === "symbol"
      ? { identity }
      : identity === undefined
        ? undefined
        : contentOf(identity);
  }
  return isPlainData(identity, 64) ? contentOf(identity) : identity;
}

/** Whether the content of `value` says all that it is. `levels` also ends cycles. */
function isPlainData(value: unknown, levels: number): boolean {
  if (typeof value === "function" || typeof value === "symbol") return false;
  if (typeof value !== "object" || value === null) return true;
  if (levels === 0 || (!Array.isArray(value) && !isPlain(value))) return false;
  return Object.values(value).every((member) => isPlainData(member, levels - 1));
}

function givenUp(): SluiceError {
  const cause = new SluiceError(
    "SESSION_LOST",
    "Too many sessions wait for their peers (limits.maxSessions)",
  );
  return new SluiceError("UNAVAILABLE", cause.message, { cause });
}

/** Whether `session` can go on over a link of `kind` with what `hello` offers. */
function speaks({ encoding }: Session, { codecs }: Hello, kind: "binary" | "structured"): boolean {
  if (encoding.kind !== "bytes") return kind === "structured";
  return kind === "binary" && codecs.includes(encoding.codec.name);
}

/** Takes as long for a wrong secret as for the right one. */
function isItsSecret({ secret, formerSecret }: Kept, shown: string): boolean {
  const isCurrent = isEqual(secret, shown);
  const isFormer = formerSecret !== undefined && isEqual(formerSecret, shown);
  return isCurrent || isFormer;
}

function isEqual(one: string, other: string): boolean {
  let difference = one.length ^ other.length;
  for (let at = 0; at < one.length; at++) difference |= one.charCodeAt(at) ^ other.charCodeAt(at);
  return difference === 0;
}

/** 128 random bits as 32 hex digits. */
function randomToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
