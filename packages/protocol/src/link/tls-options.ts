/**
 * What a client says about TLS, without a platform: whom it trusts, and who it is.
 */

/** PEM text, or its bytes. */
export type Pem = string | Uint8Array;

/** Every link over TLS is verified unless this says otherwise, and speaks TLS 1.2 or newer. */
export interface TlsOptions {
  /** Authorities that the server's certificate must come from. Default: those that the platform trusts. */
  readonly ca?: Pem | readonly Pem[];
  /** This peer's own certificate, with intermediate ones behind it. */
  readonly cert?: Pem;
  /** The private key of `cert`. */
  readonly key?: Pem;
  /** Opens an encrypted `key`. */
  readonly passphrase?: string;
  /** The name that the server's certificate must have. Default: the host of the address. */
  readonly servername?: string;
  /** Default `"TLSv1.2"`. */
  readonly minVersion?: "TLSv1.2" | "TLSv1.3";
  /** `false`: talks to anybody, whatever certificate it shows. Only for a look at a server that is misconfigured. Default `true`. */
  readonly rejectUnauthorized?: boolean;
}
