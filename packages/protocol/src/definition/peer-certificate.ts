/**
 * What a server knows of the verified certificate that a peer has shown.
 *
 * It exists only where the platform has verified the certificate against the authorities that the listener names: a
 * certificate that nobody vouches for is never shown to a program.
 */

/** A certificate whose chain, times and purpose have been verified. */
export interface PeerCertificate {
  /** The subject's common name; `undefined` if it has none, or several. */
  readonly commonName: string | undefined;
  /** Alternative names of the subject with their kind: `DNS:db.local`, `URI:spiffe://…`, `email:…`, `IP Address:…`. */
  readonly subjectAltNames: readonly string[];
  /** The issuer's common name; `undefined` if it has none, or several. */
  readonly issuer: string | undefined;
  /** SHA-256 of the certificate as upper-case hex pairs with colons. Names exactly this certificate. */
  readonly fingerprint256: string;
}
