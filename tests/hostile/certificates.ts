/** Certificates of the tests, made by packages/transport-socket/test/certificates/make.sh; here as files only. */
import { readFileSync } from "node:fs";
import type { TlsServerOptions } from "@sluice/transport-socket";

const folder = new URL("../../packages/transport-socket/test/certificates/", import.meta.url);

/** The file's text. */
export function pem(name: string): string {
  return readFileSync(new URL(name, folder), "utf8");
}

/** A server that the authority of the tests vouches for. */
export const serverTls: TlsServerOptions = { cert: pem("server.crt"), key: pem("server.key") };
