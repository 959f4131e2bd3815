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
  /** `metadata` of a HELLO, `server` of a WELCOME. */
  readonly about: Readonly<Record<string, string>>;
}

export interface Hello {
  readonly versions: readonly number[];
  readonly codecs: readonly string[];
  readonly peer: PeerInfo;
  readonly credentials: unknown;
}

export interface Welcome {
  readonly version: number;
  readonly codec: string;
  readonly peer: PeerInfo;
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
): Record<string, unknown> {
  return {
    versions: [wireVersion],
    codecs: codecs.map((codec) => codec.name),
    ...describePeer(local, limits, floor),
    ...(credentials === undefined ? {} : { credentials }),
  };
}

/** The body of a WELCOME. */
export function makeWelcome(
  local: LocalPeer,
  limits: ResolvedLimits,
  floor: number,
  codec: string,
  server: Readonly<Record<string, string>> = {},
): Record<string, unknown> {
  return {
    version: wireVersion,
    codec,
    ...describePeer(local, limits, floor),
    heartbeat: limits.heartbeat,
    ...(Object.keys(server).length === 0 ? {} : { server }),
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
  };
}

/** @throws {SluiceError} `PROTOCOL_ERROR` for a body that no peer of any version would send */
export function readHello(body: unknown): Hello {
  const hello = body as Record<string, unknown>;
  const { versions, codecs, credentials } = hello;
  if (!Array.isArray(versions) || !versions.every((version) => Number.isInteger(version))) {
    throw malformed("HELLO has no list of versions");
  }
  if (!Array.isArray(codecs) || !codecs.every((codec) => typeof codec === "string")) {
    throw malformed("HELLO has no list of codecs");
  }
  return { versions, codecs, peer: readPeer(hello, "HELLO", hello.metadata), credentials };
}

/** @throws {SluiceError} `PROTOCOL_ERROR` */
export function readWelcome(body: unknown): Welcome {
  const welcome = body as Record<string, unknown>;
  const { version, codec } = welcome;
  if (version !== wireVersion) throw malformed(`WELCOME names version ${String(version)}`);
  if (typeof codec !== "string") throw malformed("WELCOME names no codec");
  return { version, codec, peer: readPeer(welcome, "WELCOME", welcome.server) };
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
  const { peer, epoch, limits, window, floor } = body;
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
