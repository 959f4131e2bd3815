/**
 * What went wrong with TLS, in words that say how to mend it, and with a code that says whether trying again may help.
 */

/** `UNAVAILABLE` may pass; the other codes are final for a client. */
export interface TlsProblem {
  readonly code: "UNAVAILABLE" | "UNAUTHENTICATED" | "PROTOCOL_ERROR" | "FAILED_PRECONDITION";
  readonly text: string;
}

const untrusted: TlsProblem = {
  code: "UNAUTHENTICATED",
  text: "no trusted authority vouches for the peer's certificate. If it has an authority of its own, pass its certificate as tls.ca",
};
const untimely = (what: string): TlsProblem => ({
  // Certificates are renewed and clocks put right while a client goes on trying.
  code: "UNAVAILABLE",
  text: `the peer's certificate ${what}. Renew it there, or put the clock of this machine right`,
});
const refused = (why: string): TlsProblem => ({
  code: "UNAUTHENTICATED",
  text: `the peer refuses the certificate of this side (${why}). Pass one that its authority has signed as tls.cert and tls.key`,
});
const noTls: TlsProblem = {
  code: "PROTOCOL_ERROR",
  text: "what answers there does not speak TLS. Use a tcp:// address, or give the listener its tls options",
};
const noCommonVersion: TlsProblem = {
  code: "FAILED_PRECONDITION",
  text: "the peers have no TLS version or cipher in common; this side speaks TLS 1.2 and newer",
};

/** By Node's code of the error, without the prefixes of OpenSSL's. */
const problems: ReadonlyMap<string, TlsProblem> = new Map([
  ["SELF_SIGNED_CERT_IN_CHAIN", untrusted],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", untrusted],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", untrusted],
  ["UNABLE_TO_GET_ISSUER_CERT", untrusted],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", untrusted],
  ["CERT_UNTRUSTED", untrusted],
  ["CERT_REJECTED", untrusted],
  ["CERT_SIGNATURE_FAILURE", untrusted],
  ["INVALID_CA", untrusted],
  ["CERT_CHAIN_TOO_LONG", untrusted],
  ["CERT_REVOKED", { code: "UNAUTHENTICATED", text: "the peer's certificate was revoked" }],
  [
    "INVALID_PURPOSE",
    {
      code: "UNAUTHENTICATED",
      text: "the peer's certificate is not meant for this (its extended key usage)",
    },
  ],
  ["CERT_HAS_EXPIRED", untimely("has expired")],
  ["CERT_NOT_YET_VALID", untimely("is not valid yet")],
  ["WRONG_VERSION_NUMBER", noTls],
  ["PACKET_LENGTH_TOO_LONG", noTls],
  ["HTTP_REQUEST", noTls],
  ["UNKNOWN_PROTOCOL", noTls],
  [
    "TLSV1_ALERT_NO_APPLICATION_PROTOCOL",
    {
      code: "PROTOCOL_ERROR",
      text: "what answers there speaks TLS, but another protocol inside of it (no ALPN protocol in common)",
    },
  ],
  ["TLSV1_ALERT_PROTOCOL_VERSION", noCommonVersion],
  ["UNSUPPORTED_PROTOCOL", noCommonVersion],
  ["NO_SHARED_CIPHER", noCommonVersion],
  ["SSLV3_ALERT_HANDSHAKE_FAILURE", noCommonVersion],
  ["TLSV13_ALERT_CERTIFICATE_REQUIRED", refused("it wants one")],
  ["SSLV3_ALERT_BAD_CERTIFICATE", refused("it is none that it can use")],
  ["SSLV3_ALERT_CERTIFICATE_EXPIRED", refused("it has expired")],
  ["SSLV3_ALERT_CERTIFICATE_REVOKED", refused("it was revoked")],
  ["SSLV3_ALERT_CERTIFICATE_UNKNOWN", refused("it cannot be judged")],
  ["SSLV3_ALERT_UNSUPPORTED_CERTIFICATE", refused("it is of another kind")],
  ["TLSV1_ALERT_UNKNOWN_CA", refused("its authority is not known there")],
  ["TLSV1_ALERT_ACCESS_DENIED", refused("access is denied")],
]);

/** The problem that `error` of a socket stands for; `undefined` if it is none of TLS. */
export function tlsProblem(error: Error): TlsProblem | undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    const { reason } = error as { readonly reason?: string };
    return {
      code: "UNAUTHENTICATED",
      text: `the peer's certificate is for other names (${reason ?? error.message}). Connect by one of them, or pass tls.servername`,
    };
  }
  return code === undefined ? undefined : problems.get(code.replace(/^ERR_SSL_/, ""));
}
