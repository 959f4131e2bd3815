/**
 * Keys and certificates in the form that Node takes, tried out once, so that a mistake is found when it is made.
 */
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { type Pem, SluiceError } from "@sluice/protocol/wire";

export interface SecureParts {
  readonly ca?: Pem | readonly Pem[] | undefined;
  readonly cert?: Pem | undefined;
  readonly key?: Pem | undefined;
  readonly passphrase?: string | undefined;
  readonly minVersion?: "TLSv1.2" | "TLSv1.3" | undefined;
}

/** @throws {SluiceError} `INVALID_ARGUMENT` for what is no key or certificate; {@link TypeError} for half of a pair, or an old version */
export function secureParts({
  ca,
  cert,
  key,
  passphrase,
  minVersion = "TLSv1.2",
}: SecureParts): SecureContextOptions {
  if ((cert === undefined) !== (key === undefined)) throw new TypeError("tls.cert and tls.key go together");
  if (minVersion !== "TLSv1.2" && minVersion !== "TLSv1.3") {
    throw new TypeError(`tls.minVersion is "TLSv1.2" or "TLSv1.3", not ${JSON.stringify(minVersion)}`);
  }
  const parts: SecureContextOptions = {
    minVersion,
    ...(ca === undefined ? {} : { ca: (isList(ca) ? ca : [ca]).map(pemOf) }),
    ...(cert === undefined ? {} : { cert: pemOf(cert) }),
    ...(key === undefined ? {} : { key: pemOf(key) }),
    ...(passphrase === undefined ? {} : { passphrase }),
  };
  try {
    createSecureContext(parts);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    // OpenSSL's messages hold no key.
    throw new SluiceError("INVALID_ARGUMENT", `Cannot use the tls options: ${code ?? message}`, {
      processed: "no",
      cause,
    });
  }
  return parts;
}

function isList(ca: Pem | readonly Pem[]): ca is readonly Pem[] {
  return Array.isArray(ca);
}

function pemOf(pem: Pem): string | Buffer {
  return typeof pem === "string" ? pem : Buffer.from(pem.buffer, pem.byteOffset, pem.byteLength);
}
