/** A shop at an address: in this process if it is one of memory, otherwise in a process of its own. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { bind, Server } from "@sluice/server";
import { shop } from "./protocol.ts";
import { Shop } from "./shop.ts";

export interface ServedShop {
  /** Where it is, with the real port. */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves a new shop in this process. The same handlers at every address. */
export async function serveHere(address: string): Promise<ServedShop> {
  const server = new Server({ protocol: shop, handlers: bind(shop, new Shop()), public: true });
  const [url = address] = await server.listen(address);
  return { url, close: () => server.dispose() };
}

/** Serves a new shop, and resolves when it can be connected to. */
export async function serveShop(address: string): Promise<ServedShop> {
  if (address.startsWith("memory:")) return serveHere(address);
  const child = fork(fileURLToPath(new URL("server.ts", import.meta.url)), [address]);
  return { url: await firstMessage(child), close: () => end(child) };
}

async function firstMessage(child: ChildProcess): Promise<string> {
  const ended = once(child, "exit").then(() => {
    throw new Error("The shop's process has ended before it listened");
  });
  const [url] = await Promise.race([once(child, "message"), ended]);
  return url;
}

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, "exit");
  child.disconnect();
  await ended;
}
