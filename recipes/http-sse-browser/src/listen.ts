/** A function from requests to responses at a port of this machine, by `@hono/node-server`. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type ServerType, serve } from "@hono/node-server";

export const host = "127.0.0.1";

/** Resolves with the origin, `http://127.0.0.1:30016`. Port 0: any free one. */
export async function listen(
  fetch: (request: Request) => Response | Promise<Response>,
  port: number,
): Promise<{ readonly origin: string; readonly http: ServerType }> {
  const http = serve({ fetch, hostname: host, port });
  await once(http, "listening");
  return { origin: `http://${host}:${(http.address() as AddressInfo).port}`, http };
}
