/** The certificates of the tests, made by certificates/make.sh. */
import { readFileSync } from "node:fs";
import type { TlsOptions } from "@sluice/protocol/wire";
import type { TlsServerOptions } from "@sluice/transport-socket";

/** The file's text. */
export function pem(name: string): string {
  return readFileSync(new URL(`./certificates/${name}`, import.meta.url), "utf8");
}

/** A certificate and its key. */
export function pair(name: string): { readonly cert: string; readonly key: string } {
  return { cert: pem(`${name}.crt`), key: pem(`${name}.key`) };
}

/** A server that the authority of the tests vouches for. */
export const serverTls: TlsServerOptions = pair("server");
/** The same, which lets in only clients of that authority. */
export const mutualTls: TlsServerOptions = { ...serverTls, ca: pem("ca.crt"), requestCert: true };
/** A client that trusts it. */
export const clientTls: TlsOptions = { ca: pem("ca.crt") };
/** One that has a certificate, too. */
export const adaTls: TlsOptions = { ...clientTls, ...pair("client") };
