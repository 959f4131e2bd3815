/**
 * TLS options, checked once, in the form that Node takes: names, keys, and the bounds that hold whatever is passed.
 */
import { Buffer } from "node:buffer";
import { isIP } from "node:net";
import { type ConnectionOptions, createSecureContext, type SecureContextOptions } from "node:tls";
import { type Pem, SluiceError, type TlsOptions } from "@sluice/protocol/wire";

/** What a listener needs to be somebody, and whom it asks who they are. */
export interface TlsServerOptions {
  /** The server's certificate, with intermediate ones behind it. */
  readonly cert: Pem;
  /** The private key of `cert`. */
  readonly key: Pem;
  /** Opens an encrypted `key`. */
  readonly passphrase?: string;
  /** Asks clients for a certificate of `ca`. Default `false`. */
  readonly requestCert?: boolean;
  /** Authorities whose client certificates count; with `requestCert`, which needs it. */
  readonly ca?: Pem | readonly Pem[];
  /** With `requestCert`: `false` also lets in who has no such certificate, without one as identity. Default `true`. */
  readonly rejectUnauthorized?: boolean;
  /** Default `"TLSv1.2"`. */
  readonly minVersion?: "TLSv1.2" | "TLSv1.3";
}

/**
 * What `tls.connect` takes beside the address. `protocol` is offered by ALPN.
 * @throws {SluiceError} `INVALID_ARGUMENT` for keys and certificates that are none; {@link TypeError} for options that are none
 */
export function clientTls(host: string, options: TlsOptions, protocol: string): ConnectionOptions {
  const { servername, rejectUnauthorized = true } = options;
  // A name is sent along (SNI) and compared; an address is compared only.
  const name = servername ?? (isIP(host) === 0 ? host : undefined);
  return {
    host,
    secureContext: createSecureContext(secureParts(options)),
    ALPNProtocols: [protocol],
    rejectUnauthorized: rejectUnauthorized !== false,
    ...(name === undefined ? {} : { servername: name }),
  };
}

/**
 * What `tls.createServer` takes of keys and certificates.
 * @throws {SluiceError} `INVALID_ARGUMENT`; {@link TypeError} as above
 */
export function serverTls(options: TlsServerOptions): SecureContextOptions {
  const { cert, key, ca, requestCert } = options;
  if (cert === undefined || key === undefined) {
    throw new TypeError("tls of a listener needs cert and key: without them it is nobody");
  }
  if (requestCert === true && ca === undefined) {
    throw new TypeError(
      "tls.requestCert needs tls.ca: without it every public authority's clients would count",
    );
  }
  if (requestCert !== true && ca !== undefined) {
    throw new TypeError("tls.ca of a listener is for client certificates: it needs tls.requestCert");
  }
  return secureParts(options);
}

/** Tried out once, so that a mistake is found when it is made and not when somebody connects. */
function secureParts(options: TlsOptions | TlsServerOptions): SecureContextOptions {
  const { ca, cert, key, passphrase, minVersion = "TLSv1.2" } = options;
  if (minVersion !== "TLSv1.2" && minVersion !== "TLSv1.3") {
    throw new TypeError(`tls.minVersion is "TLSv1.2" or "TLSv1.3", not ${JSON.stringify(minVersion)}`);
  }
  if ((cert === undefined) !== (key === undefined)) throw new TypeError("tls.cert and tls.key go together");
  const parts = {
    minVersion,
    ...(ca === undefined ? {} : { ca: (isList(ca) ? ca : [ca]).map(pemOf) }),
    ...(cert === undefined ? {} : { cert: pemOf(cert) }),
    ...(key === undefined ? {} : { key: pemOf(key) }),
    ...(passphrase === undefined ? {} : { passphrase }),
  } as const;
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
