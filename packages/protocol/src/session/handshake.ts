/**
 * What HELLO and WELCOME say: made and judged, without I/O.
 *
 * Spec: docs/wire.md §3.1.
 */
import type { Codec } from "../codec/codec.ts";
import { SluiceError } from "../errors/sluice-error.ts";
import { malformed } from "../frame/check-frame.ts";
import type { CloseFrame } from "../frame/frame.ts";
import { FrameType } from "../frame/frame.ts";
import { standardUtf8 } from "../frame/utf8.ts";
import { maxFloor, maxFramePayload, minFloor, type ResolvedLimits } from "../limits.ts";
import type { PeerLimits } from "./call-host.ts";

/** The version of docs/wire.md. */
export const wireVersion = 1;

/** Bytes of a peer's name. */
const maxPeerName = 256;

/** Characters of a session's id or secret. */
const maxToken = 128;
/** The longest grace, ms: a day. */
const maxGraceMs = 86_400_000;

/** Who this side is, for the life of one client or server. */
export interface LocalPeer {
  /** For logs, at most 256 bytes. */
  readonly name: string;
  /** 16 hex digits, drawn once. */
  readonly epoch: string;
}

/** Who the other side is. */
export interface PeerInfo {
  readonly name: string;
  readonly epoch: string;
  readonly limits: PeerLimits;
  /** Silence after which it asks for a sign of life, ms, if it says so. */
  readonly heartbeat: number | undefined;
  /** `metadata` of a HELLO, `server` of a WELCOME. */
  readonly about: Readonly<Record<string, string>>;
}

/** What finds a session again. */
export interface SessionClaim {
  readonly id: string;
  readonly secret: string;
  /** Ascends with every attempt to find it: an older one that comes late is refused. */
  readonly attempt: number;
}

/** What a connector needs to find its session again, renewed each time it does. */
export interface SessionTicket {
  readonly id: string;
  readonly secret: string;
  /** How long the session waits for another link, ms. */
  readonly graceMs: number;
}

export interface Hello {
  readonly versions: readonly number[];
  readonly codecs: readonly string[];
  readonly peer: PeerInfo;
  readonly credentials: unknown;
  /** `wanted`: a new one · absent: a lost link shall end the calls. */
  readonly session: SessionClaim | "wanted" | undefined;
}

export interface Welcome {
  readonly version: number;
  readonly codec: string;
  readonly peer: PeerInfo;
  /** Absent: a lost link ends the calls. */
  readonly session: SessionTicket | undefined;
}

/** A new {@link LocalPeer}. @throws {RangeError} for a name above 256 bytes */
export function newPeer(name: string): LocalPeer {
  if (!isPeerName(name)) throw new RangeError(`A peer's name has at most ${maxPeerName} bytes`);
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return { name, epoch: Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("") };
}

/** The body of a HELLO. */
export function makeHello(
  local: LocalPeer,
  limits: ResolvedLimits,
  floor: number,
  codecs: readonly Codec[],
  credentials: unknown,
  session?: Hello["session"],
): Record<string, unknown> {
  return {
    versions: [wireVersion],
    codecs: codecs.map((codec) => codec.name),
    ...describePeer(local, limits, floor),
    ...(credentials === undefined ? {} : { credentials }),
    ...(session === undefined ? {} : { session: session === "wanted" ? {} : session }),
  };
}

/** The body of a WELCOME. */
export function makeWelcome(
  local: LocalPeer,
  limits: ResolvedLimits,
  floor: number,
  codec: string,
  server: Readonly<Record<string, string>> = {},
  ticket?: SessionTicket,
): Record<string, unknown> {
  return {
    version: wireVersion,
    codec,
    ...describePeer(local, limits, floor),
    ...(Object.keys(server).length === 0 ? {} : { server }),
    ...(ticket === undefined
      ? {}
      : { session: { id: ticket.id, secret: ticket.secret, grace: ticket.graceMs } }),
  };
}

function describePeer(local: LocalPeer, limits: ResolvedLimits, floor: number): Record<string, unknown> {
  const { maxMessage, maxMetadata, maxName, maxCalls, maxConcurrentHandlers, maxDeadline, window } = limits;
  return {
    peer: local.name,
    epoch: local.epoch,
    limits: { maxMessage, maxMetadata, maxName, maxCalls, maxConcurrentHandlers, maxDeadline },
    window: Math.min(window, maxFramePayload),
    floor,
    heartbeat: limits.heartbeat,
  };
}

/** @throws {SluiceError} `PROTOCOL_ERROR` for a body that no peer of any version would send */
export function readHello(body: unknown): Hello {
  const hello = body as Record<string, unknown>;
  const { versions, codecs, credentials, session } = hello;
  if (!Array.isArray(versions) || !versions.every((version) => Number.isInteger(version))) {
    throw malformed("HELLO has no list of versions");
  }
  if (!Array.isArray(codecs) || !codecs.every((codec) => typeof codec === "string")) {
    throw malformed("HELLO has no list of codecs");
  }
  const peer = readPeer(hello, "HELLO", hello.metadata);
  return { versions, codecs, peer, credentials, session: readClaim(session) };
}

/** @throws {SluiceError} `PROTOCOL_ERROR` */
export function readWelcome(body: unknown): Welcome {
  const welcome = body as Record<string, unknown>;
  const { version, codec, session } = welcome;
  if (version !== wireVersion) throw malformed(`WELCOME names version ${String(version)}`);
  if (typeof codec !== "string") throw malformed("WELCOME names no codec");
  return { version, codec, peer: readPeer(welcome, "WELCOME", welcome.server), session: readTicket(session) };
}

/** `{}` asks for a new session, one with an id for that one. */
function readClaim(session: unknown): Hello["session"] {
  if (session === undefined || session === null) return undefined;
  const { id, secret, attempt } = session as Record<string, unknown>;
  if (id === undefined) return "wanted";
  if (!isToken(id) || !isToken(secret)) throw malformed("HELLO has no id and secret of a session");
  if (!Number.isSafeInteger(attempt) || (attempt as number) < 0) throw malformed("HELLO counts no attempt");
  return { id, secret, attempt: attempt as number };
}

function readTicket(session: unknown): SessionTicket | undefined {
  if (session === undefined || session === null) return undefined;
  const { id, secret, grace } = session as Record<string, unknown>;
  if (!isToken(id) || !isToken(secret)) throw malformed("WELCOME has no id and secret of a session");
  if (!Number.isInteger(grace) || (grace as number) < 0 || (grace as number) > maxGraceMs) {
    throw malformed(`WELCOME has no grace from 0 to ${maxGraceMs}`);
  }
  return { id, secret, graceMs: grace as number };
}

function isToken(token: unknown): token is string {
  return typeof token === "string" && token.length > 0 && token.length <= maxToken;
}

/** The refusal of a HELLO without a version in common. */
export function versionRefusal(hello: Hello): CloseFrame | undefined {
  if (hello.versions.includes(wireVersion)) return undefined;
  return {
    type: FrameType.CLOSE,
    call: 0,
    code: "VERSION_UNSUPPORTED",
    reason: `this peer speaks version ${wireVersion}`,
    versions: [wireVersion],
  };
}

function readPeer(body: Record<string, unknown>, frame: string, about: unknown): PeerInfo {
  const { peer, epoch, limits, window, floor, heartbeat } = body;
  if (typeof peer !== "string" || !isPeerName(peer)) throw malformed(`${frame} names no peer`);
  if (typeof epoch !== "string" || !/^[0-9a-f]{16}$/.test(epoch)) throw malformed(`${frame} has no epoch`);
  if (typeof limits !== "object" || limits === null) throw malformed(`${frame} has no limits`);
  const said = limits as Record<string, unknown>;
  const size = (name: string, value: unknown, min: number, max: number): number => {
    if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
    throw malformed(`${frame} has no ${name} from ${min} to ${max}`);
  };
  return {
    name: peer,
    epoch,
    limits: {
      maxMessage: size("maxMessage", said.maxMessage, 1, 2 ** 32 - 1),
      maxMetadata: size("maxMetadata", said.maxMetadata, 0, 65_535),
      maxName: size("maxName", said.maxName, 1, 255),
      maxCalls: size("maxCalls", said.maxCalls, 1, 2 ** 31),
      maxConcurrentHandlers: size("maxConcurrentHandlers", said.maxConcurrentHandlers, 1, 2 ** 31),
      maxDeadline: size("maxDeadline", said.maxDeadline, 1, 2 ** 32 - 1),
      window: size("window", window, minFloor, maxFramePayload),
      floor: size("floor", floor, minFloor, maxFloor),
    },
    heartbeat: heartbeat === undefined ? undefined : size("heartbeat", heartbeat, 1, 2 ** 32 - 1),
    about: readAbout(about),
  };
}

function isPeerName(name: string): boolean {
  return name.length <= maxPeerName && standardUtf8.byteLength(name) <= maxPeerName;
}

function readAbout(about: unknown): Record<string, string> {
  const read: Record<string, string> = {};
  if (typeof about !== "object" || about === null) return read;
  for (const [name, value] of Object.entries(about).slice(0, 64)) {
    if (typeof value === "string" && name !== "__proto__") read[name] = value;
  }
  return read;
}

/** The first codec of the connector's list that this side has. @throws {SluiceError} `FAILED_PRECONDITION` */
export function chooseCodec(names: readonly string[], codecs: readonly Codec[]): Codec {
  for (const name of names) {
    const codec = codecs.find((candidate) => candidate.name === name);
    if (codec !== undefined) return codec;
  }
  const ours = codecs.map((codec) => codec.name).join(", ");
  throw new SluiceError("FAILED_PRECONDITION", `No codec in common: this peer has ${ours}`);
}
