/** Direct calls share the handlers of a server: one that ignores its signal counts until it has settled. */
import { Server } from "@sluice/server";
import { expect, onTestFinished, test } from "vitest";
import { listenHttp } from "../src/node.ts";

const most = 8;

async function world() {
  const waiting: (() => void)[] = [];
  let started: (() => void) | undefined;
  const server = new Server({
    protocol: { hold: { type: "request" }, quick: { type: "request" } } as const,
    public: true,
    limits: { maxConcurrentHandlers: most },
    drainTimeout: 100,
    handlers: {
      // It looks at no signal.
      hold: () => {
        const held = new Promise<void>((resolve) => waiting.push(resolve));
        started?.();
        return held;
      },
      quick: () => {},
    },
    logger: { trace() {}, debug() {}, info() {}, warn() {}, error() {} },
  });
  const [url = ""] = await server.listen(listenHttp({ port: 0 }));
  onTestFinished(async () => {
    for (const release of waiting) release();
    await server.dispose();
  });
  const post = (name: string, signal?: AbortSignal): Promise<Response> =>
    fetch(new URL(name, url), {
      method: "POST",
      headers: { "content-type": "application/json" },
      ...(signal === undefined ? {} : { signal }),
    });
  const nextStart = (): Promise<void> => new Promise((resolve) => (started = resolve));
  return { server, post, waiting, nextStart };
}

test("H15 handlers of direct calls are bounded together, also those whose callers have left", async () => {
  const { post, waiting, nextStart } = await world();
  for (let count = 0; count < most; count++) {
    const leaving = new AbortController();
    const begun = nextStart();
    const call = post("hold", leaving.signal);
    await begun;
    leaving.abort();
    await expect(call).rejects.toThrow();
  }
  const refused = await post("quick");
  expect([refused.status, refused.headers.get("retry-after"), await refused.json()]).toMatchObject([
    429,
    "1",
    { code: "RESOURCE_EXHAUSTED", processed: "no" },
  ]);
  expect((await post("hold")).status).toBe(429);
  expect(waiting.length).toBe(most);

  waiting[0]?.();
  let status = 429;
  for (let tries = 0; tries < 100 && status === 429; tries++) status = (await post("quick")).status;
  expect(status).toBe(204);
});

test("quick calls, one after the other, leave nothing behind", async () => {
  const { post } = await world();
  for (let count = 0; count < 5 * most; count++) expect((await post("quick")).status).toBe(204);
});
