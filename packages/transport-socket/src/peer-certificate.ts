/**
 * The verified certificate of a TLS socket's peer, and nothing of one that is not verified.
 */
import type { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { PeerCertificate } from "@sluice/protocol/wire";

/** The certificate that the peer has shown, if an authority vouches for it. */
export function peerCertificateOf(socket: Socket): PeerCertificate | undefined {
  // `authorized` is true also for a client that was not asked, and false for what `rejectUnauthorized: false` lets pass.
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const certificate = socket.getPeerX509Certificate();
  return certificate && readCertificate(certificate);
}

/** What programs see of a certificate. */
export function readCertificate(certificate: X509Certificate): PeerCertificate {
  const { subject, issuer } = certificate.toLegacyObject();
  return {
    commonName: onlyOne(subject?.CN),
    subjectAltNames: splitNames(certificate.subjectAltName ?? ""),
    issuer: onlyOne(issuer?.CN),
    fingerprint256: certificate.fingerprint256,
  };
}

/** Several common names are nobody's name: which of them would count? */
function onlyOne(name: string | readonly string[] | undefined): string | undefined {
  return typeof name === "string" ? name : undefined;
}

/**
 * `DNS:a, URI:"b, c"` as a list. Node writes a name with special characters as a JSON string, so that no name can look like two.
 * @throws {SyntaxError} for a quotation that is none
 */
export function splitNames(text: string): string[] {
  const names: string[] = [];
  const entry = /([^,":]*:)(?:("(?:[^"\\]|\\.)*")|([^,"]*))(?:, |$)/gy;
  for (let match = entry.exec(text); match !== null && match[0] !== ""; match = entry.exec(text)) {
    const [, kind = "", quoted, plain = ""] = match;
    names.push(kind + (quoted === undefined ? plain : (JSON.parse(quoted) as string)));
  }
  return names;
}
