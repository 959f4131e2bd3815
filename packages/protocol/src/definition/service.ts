/** A service: a protocol with a name and a version, which is what a server announces and a mesh finds. */
import { checkDefinition } from "./check-definition.ts";
import type { ProtocolDefinition } from "./protocol-definition.ts";

/** A protocol with a name and a version. */
export interface Service<Protocol> {
  /** A letter, then letters, digits, `-` and `_`: 64 characters at most. */
  readonly name: string;
  /** A version of semver.org, such as `1.2.0`. */
  readonly version: string;
  readonly protocol: Protocol;
  readonly description?: string;
  readonly tags?: readonly string[];
  /** Milliseconds that a call of this service may take, unless its caller says otherwise. Default: no bound. */
  readonly timeout?: number;
}

const namePattern = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

/** The grammar of semver.org: no leading zeros in numbers, a pre-release after `-`, build data after `+`. */
const versionPattern =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(\.(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$/;

const longestVersion = 256;
const longestTimeoutMs = 2 ** 32 - 1;

/**
 * Declares a service. Nothing is announced or served yet.
 *
 * @throws {TypeError} for a name or version outside its grammar, a tag that is no text, and as {@link checkDefinition};
 * {@link RangeError} for a `timeout` that is not a whole number of milliseconds from 1 to 2^32 - 1
 */
export function defineService<const Protocol extends ProtocolDefinition>(
  service: Service<Protocol>,
): Service<Protocol> {
  const { name, version, protocol, description, tags, timeout } = service;
  if (typeof name !== "string" || !namePattern.test(name)) {
    throw new TypeError(
      `Cannot define service ${quote(name)}: a name is a letter, then letters, digits, "-" and "_", at most 64 in all`,
    );
  }
  if (typeof version !== "string" || version.length > longestVersion || !versionPattern.test(version)) {
    throw new TypeError(
      `Cannot define service ${name}: version ${quote(version)} is not like "1.2.0" (semver.org)`,
    );
  }
  if (description !== undefined && typeof description !== "string") {
    throw new TypeError(`Cannot define service ${name}: description must be a string`);
  }
  if (tags !== undefined && !(Array.isArray(tags) && tags.every((tag) => typeof tag === "string"))) {
    throw new TypeError(`Cannot define service ${name}: tags must be an array of strings`);
  }
  if (timeout !== undefined && !(Number.isInteger(timeout) && timeout >= 1 && timeout <= longestTimeoutMs)) {
    throw new RangeError(
      `Cannot define service ${name}: timeout must be a whole number of ms from 1 to ${longestTimeoutMs}, it is ${String(timeout)}`,
    );
  }
  checkDefinition(protocol);
  return service;
}

function quote(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value.slice(0, 80)) : String(value);
}
