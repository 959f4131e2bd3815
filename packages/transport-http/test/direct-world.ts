/** A server whose procedures can be called directly, over Node's HTTP on a free port of loopback. */
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type ProtocolDefinition, SluiceError } from "@sluice/protocol";
import type { FindProcedure, Link } from "@sluice/protocol/wire";
import { Server } from "@sluice/server";
import { onTestFinished } from "vitest";
import { DirectCalls, type DirectCallsOptions } from "../src/direct-call.ts";
import { nodeHandler } from "../src/node-handler.ts";

export const protocol = {
  greet: {
    type: "request",
    param: { type: "string" },
    result: { type: "string" },
    errors: { NO_ROOM: { data: { type: "integer" }, retryable: true }, SHY: {} },
  },
  "prices/of": { type: "request", idempotent: true, param: { type: "string" }, result: { type: "integer" } },
  version: { type: "request", idempotent: true, result: { type: "string" } },
  forget: { type: "request" },
  clear: { type: "request", idempotent: true },
  fail: { type: "request", param: { type: "string" } },
  wait: { type: "request" },
  echo: { type: "request", param: true, result: true },
  bytes: {
    type: "request",
    param: { type: "string", contentEncoding: "base64" },
    result: { type: "string", contentEncoding: "base64" },
  },
  who: { type: "request", result: true },
  "metrics/stream": {
    type: "stream",
    param: { type: "integer" },
    receive: { type: "object", properties: { at: { type: "integer" } }, required: ["at"] },
    result: { type: "string" },
    errors: { WORN_OUT: { data: { type: "string" } } },
  },
  texts: { type: "stream", param: true, receive: { type: "string" } },
  silent: { type: "stream", receive: { type: "integer" } },
  flood: { type: "stream", receive: { type: "string" } },
  clicked: { type: "event", data: { type: "integer" } },
  chat: { type: "channel", send: { type: "string" }, receive: { type: "string" } },
  upload: { type: "channel", send: { type: "string" } },
} as const satisfies ProtocolDefinition;

/** What handlers have seen. */
export interface Seen {
  /** Handlers that were started, by name. */
  readonly started: string[];
  /** Data of events. */
  readonly clicks: number[];
  /** Items that `flood` has written, of each call. */
  readonly floods: { written: number }[];
  /** Why a handler's signal aborted. */
  readonly aborted: string[];
  readonly prices: Map<string, number>;
  /** Resolves when a handler of `name` has been started once more. */
  nextStart(name: string): Promise<void>;
  /** Resolves with the reason of the next signal that aborts. */
  nextAbort(): Promise<string>;
}

export interface DirectWorld {
  readonly server: Server<typeof protocol>;
  readonly direct: DirectCalls;
  readonly http: HttpServer;
  readonly port: number;
  readonly url: string;
  readonly seen: Seen;
  /** POST of JSON text. */
  post(path: string, body: string, init?: RequestInit): Promise<Response>;
  get(path: string, init?: RequestInit): Promise<Response>;
}

type ServerSettings = Omit<ConstructorParameters<typeof Server<typeof protocol>>[0], "protocol" | "handlers">;

/** Serves {@link protocol}, to everybody unless `settings` say otherwise, until the test is over. */
export async function directWorld(
  settings: ServerSettings = { public: true },
  options: Omit<DirectCallsOptions, "onLink" | "find"> & { readonly knows?: boolean } = {},
): Promise<DirectWorld> {
  const starts = new Map<string, () => void>();
  let tellAbort: (reason: string) => void = () => {};
  const seen: Seen = {
    started: [],
    clicks: [],
    floods: [],
    aborted: [],
    prices: new Map([["tea", 3]]),
    nextStart: (name) => new Promise((resolve) => starts.set(name, resolve)),
    nextAbort: () =>
      new Promise((resolve) => {
        tellAbort = resolve;
      }),
  };
  const start = (name: string, signal?: AbortSignal): void => {
    seen.started.push(name);
    starts.get(name)?.();
    signal?.addEventListener("abort", () => {
      seen.aborted.push(signal.reason);
      tellAbort(signal.reason);
    });
  };
  const server = new Server({
    ...settings,
    protocol,
    handlers: {
      greet({ param, fail }) {
        start("greet");
        if (param === "crowd") fail("NO_ROOM", 100, "There is no room");
        if (param === "stranger") fail("SHY");
        return `hello ${param}`;
      },
      "prices/of"({ param }) {
        start("prices/of");
        const price = seen.prices.get(param);
        if (price === undefined) throw new SluiceError("NOT_FOUND", `There is no ${param}`);
        return price;
      },
      version: () => "1.2.3",
      forget: () => start("forget"),
      clear: () => start("clear"),
      fail({ param }) {
        start("fail");
        if (param === "") throw new Error("a secret of the handler");
        throw new SluiceError(param, `as ${param}`);
      },
      wait: ({ signal }) => {
        start("wait", signal);
        return new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(new Error("left")));
        });
      },
      echo: ({ param }) => {
        start("echo");
        return param;
      },
      bytes: ({ param }) => param,
      who: ({ identity, connection }) => ({
        identity: identity ?? null,
        transport: connection.transport,
        remote: connection.remote ?? null,
      }),
      async *"metrics/stream"({ param, signal, fail }) {
        start("metrics/stream", signal);
        for (let at = 0; at < param; at++) yield { at };
        if (param === 13) fail("WORN_OUT", "after 13");
        return `${param} items`;
      },
      async *texts({ param }) {
        for (const text of param as string[]) yield text;
      },
      async silent({ signal }) {
        start("silent", signal);
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
      },
      async flood({ writable, signal }) {
        start("flood", signal);
        const flood = { written: 0 };
        seen.floods.push(flood);
        const writer = writable.getWriter();
        const item = "x".repeat(1000);
        while (!signal.aborted) {
          await writer.write(item);
          flood.written++;
        }
      },
      clicked({ data }) {
        seen.clicks.push(data);
      },
      chat: () => start("chat"),
      upload: () => start("upload"),
    },
  });
  const { knows = true, ...rest } = options;
  let direct: DirectCalls | undefined;
  await server.listen({
    async listen(onLink: (link: Link) => void, find?: FindProcedure) {
      direct = new DirectCalls({ ...rest, onLink, find: knows ? find : undefined });
      return "http://127.0.0.1/";
    },
    async close() {},
  });
  const calls = direct as DirectCalls;
  const http = createServer(
    nodeHandler((request, caller) => calls.fetch(request, new URL(request.url).pathname.slice(1), caller)),
  );
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    await server.dispose();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  });
  const { port } = http.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const post = (path: string, body: string, init: RequestInit = {}): Promise<Response> => {
    const headers = { "content-type": "application/json", ...init.headers };
    return fetch(`${url}/${path}`, { ...init, method: "POST", body, headers });
  };
  const get = (path: string, init?: RequestInit): Promise<Response> => fetch(`${url}/${path}`, init);
  return { server, direct: calls, http, port, url, seen, post, get };
}
