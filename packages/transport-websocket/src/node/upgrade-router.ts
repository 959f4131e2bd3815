/**
 * Shares the upgrades of one HTTP server among listeners by path, and leaves those of other paths to whoever else wants them.
 */
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { SluiceError } from "@sluice/protocol/wire";
import type { HttpServerLike } from "../listen-options.ts";
import { refuseUpgrade } from "./refuse-upgrade.ts";

export type TakeUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

interface Router {
  readonly paths: Map<string, TakeUpgrade>;
  readonly listener: TakeUpgrade;
}

/** Of servers that somebody listens on. */
const routers = new WeakMap<HttpServerLike, Router>();

/**
 * Has `take` get the upgrades of `server` to `path`, until what comes back is called.
 * @throws {SluiceError} `ALREADY_EXISTS` if the path is another listener's
 */
export function routeUpgrades(server: HttpServerLike, path: string, take: TakeUpgrade): () => void {
  const router = routers.get(server) ?? begin(server as Server);
  const { paths, listener } = router;
  if (paths.has(path)) {
    throw new SluiceError(
      "ALREADY_EXISTS",
      `Cannot listen at ${path}: another listener of this server does`,
      {
        processed: "no",
      },
    );
  }
  paths.set(path, take);
  return () => {
    if (paths.get(path) !== take) return;
    paths.delete(path);
    if (paths.size > 0) return;
    (server as Server).removeListener("upgrade", listener);
    routers.delete(server);
  };
}

function begin(server: Server): Router {
  const paths = new Map<string, TakeUpgrade>();
  const listener = listenerOf(server, paths);
  const router = { paths, listener };
  routers.set(server, router);
  server.on("upgrade", listener);
  return router;
}

/** The path that a request asks for, as it was written. */
export function pathOf({ url = "" }: IncomingMessage): string {
  const query = url.indexOf("?");
  return query < 0 ? url : url.slice(0, query);
}

function listenerOf(server: Server, paths: ReadonlyMap<string, TakeUpgrade>): TakeUpgrade {
  return (request, socket, head) => {
    const take = paths.get(pathOf(request));
    if (take !== undefined) take(request, socket, head);
    // Where nobody else is there to answer, nobody would: Node hands such a request to no other listener.
    else if (server.listenerCount("upgrade") === 1) refuseUpgrade(socket, 404, "Nothing to upgrade to here");
  };
}
