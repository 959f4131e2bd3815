/** ClientTransport: what it asks for and how, and what each refusal means to a client. */
import { SluiceError } from "@sluice/protocol";
import { FakeClock } from "@sluice/protocol/testing";
import { type Frame, FrameType, type Link } from "@sluice/protocol/wire";
import { describe, expect, test } from "vitest";
import {
  ClientTransport,
  type ClientTransportOptions,
  type Degradation,
  transportFromAddress,
} from "../src/index.ts";

const ping: Frame = { type: FrameType.PING, call: 0, answer: false, nonce: 1 };
const token = "0123456789abcdef0123456789abcdef";
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

interface Asked {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly init: RequestInit;
}

/** A transport whose requests are answered by `answer`, which is given the number of each. */
function transportTo(
  answer: (number: number, asked: Asked) => Response | Promise<Response>,
  options: Partial<ClientTransportOptions> = {},
) {
  const asked: Asked[] = [];
  const transport = new ClientTransport({
    url: "https://api.example.com/rpc",
    fetch: async (url, init) => {
      const one = { url, headers: Object.fromEntries(new Headers(init.headers)), init };
      asked.push(one);
      return answer(asked.length, one);
    },
    ...options,
  });
  return { transport, asked };
}

/** The events of a link: what is enqueued there comes. */
function events(): {
  readonly response: Response;
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
} {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({
    start(made) {
      controller = made;
    },
  });
  const headers = { "content-type": "text/event-stream", "sluice-link": token };
  return { response: new Response(body, { headers }), controller: controller as never };
}

/** What ends `link`, and the frames that come before. */
function over(link: Link): { readonly frames: Frame[]; readonly end: Promise<SluiceError | undefined> } {
  const frames: Frame[] = [];
  const end = new Promise<SluiceError | undefined>((resolve) => {
    link.receive({
      frame: (frame) => void frames.push(frame),
      malformed: (error) => resolve(error),
      flushing() {},
      writable() {},
      closed: resolve,
    });
  });
  return { frames, end };
}

/** Lets the event loop turn until `is` holds. */
async function turnsUntil(is: () => boolean): Promise<void> {
  while (!is()) await new Promise((resolve) => setImmediate(resolve));
}

describe("a refusal", () => {
  const final = ["UNAUTHENTICATED", "PERMISSION_DENIED", "INVALID_ARGUMENT", "UNIMPLEMENTED"];
  const table: readonly { readonly status: number; readonly code: string; readonly isFinal: boolean }[] = [
    { status: 302, code: "INVALID_ARGUMENT", isFinal: true },
    { status: 400, code: "INVALID_ARGUMENT", isFinal: true },
    { status: 401, code: "UNAUTHENTICATED", isFinal: true },
    { status: 403, code: "PERMISSION_DENIED", isFinal: true },
    { status: 404, code: "UNIMPLEMENTED", isFinal: true },
    { status: 405, code: "UNIMPLEMENTED", isFinal: true },
    { status: 408, code: "UNAVAILABLE", isFinal: false },
    { status: 410, code: "UNAVAILABLE", isFinal: false },
    { status: 413, code: "INVALID_ARGUMENT", isFinal: true },
    { status: 415, code: "UNIMPLEMENTED", isFinal: true },
    { status: 418, code: "UNAVAILABLE", isFinal: false },
    { status: 429, code: "RESOURCE_EXHAUSTED", isFinal: false },
    { status: 500, code: "UNAVAILABLE", isFinal: false },
    { status: 502, code: "UNAVAILABLE", isFinal: false },
    { status: 503, code: "UNAVAILABLE", isFinal: false },
    { status: 504, code: "UNAVAILABLE", isFinal: false },
  ];
  test.each(table)(
    "with $status is $code, after which a client goes on or not: final $isFinal",
    async (row) => {
      const body = row.status === 302 ? null : '{"code":"X","message":"because"}';
      const { transport } = transportTo(() => new Response(body, { status: row.status }));
      const link = await transport.connect();
      link.send(ping);
      const error = await over(link).end;
      expect(error).toMatchObject({ code: row.code, processed: "no" });
      expect(error?.message).toBe(
        `https://api.example.com/rpc answered ${row.status}${body === null ? "" : ": because"}`,
      );
      expect(final.includes(row.code)).toBe(row.isFinal);
    },
  );

  test("with a body without end is read no further than its beginning", async () => {
    let chunks = 0;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        chunks++;
        controller.enqueue(encode("x".repeat(1_000)));
      },
    });
    const { transport } = transportTo(() => new Response(body, { status: 500 }));
    const link = await transport.connect();
    expect((await over(link).end)?.code).toBe("UNAVAILABLE");
    expect(chunks).toBeLessThan(10);
  });

  test("by another program than a server of Sluice is UNAVAILABLE", async () => {
    const { transport } = transportTo(
      () => new Response("<html>", { headers: { "content-type": "text/html" } }),
    );
    const link = await transport.connect();
    expect(await over(link).end).toMatchObject({ code: "UNAVAILABLE", processed: "no" });
  });

  test("by nobody is UNAVAILABLE, with its cause", async () => {
    const cause = new TypeError("fetch failed");
    const { transport } = transportTo(() => Promise.reject(cause));
    const link = await transport.connect();
    expect(await over(link).end).toMatchObject({ code: "UNAVAILABLE", cause });
  });

  test("of a batch ends the link: with what the server says, or UNAVAILABLE where it has forgotten the link", async () => {
    for (const [status, code] of [
      [403, "PERMISSION_DENIED"],
      [404, "UNAVAILABLE"],
      [400, "INVALID_ARGUMENT"],
    ] as const) {
      const { transport } = transportTo((number) =>
        number === 1 ? events().response : new Response(null, { status }),
      );
      const link = await transport.connect();
      link.send(ping);
      const { end } = over(link);
      await new Promise((resolve) => setImmediate(resolve));
      link.send(ping);
      expect((await end)?.code).toBe(code);
    }
  });
});

describe("requests", () => {
  test("have the headers of their owner, asked for each time, and the token in a header alone", async () => {
    let asks = 0;
    const { transport, asked } = transportTo(
      (number) => (number === 1 ? events().response : new Response("0")),
      {
        headers: async () => ({ Authorization: `Bearer ${++asks}`, "Content-Type": "text/plain" }),
        credentials: "include",
      },
    );
    const link = await transport.connect();
    link.send(ping);
    over(link);
    await turnsUntil(() => asked.length === 1);
    link.send(ping);
    await turnsUntil(() => asked.length === 2);
    expect(asked.map(({ headers }) => new Headers(headers).get("authorization"))).toEqual([
      "Bearer 1",
      "Bearer 2",
    ]);
    expect(asked.map(({ url }) => url)).toEqual(Array(2).fill("https://api.example.com/rpc"));
    expect(asked.map(({ init }) => [init.method, init.redirect, init.credentials])).toEqual(
      Array(2).fill(["POST", "manual", "include"]),
    );
    expect(asked[0]?.headers).toMatchObject({ accept: "text/event-stream" });
    expect(asked[1]?.headers).toMatchObject({ "sluice-link": token, "sluice-batch": "1" });
    link.destroy();
  });

  test("have the transport's own type, whatever case others are written in", async () => {
    const { transport, asked } = transportTo(() => events().response, {
      headers: { "CONTENT-TYPE": "text/plain" },
    });
    const link = await transport.connect();
    link.send(ping);
    over(link);
    await turnsUntil(() => asked.length === 1);
    expect(asked[0]?.headers["content-type"]).toBe("application/vnd.sluice.frames");
    link.destroy();
  });
});

describe("events", () => {
  test("that end without CLOSE are the end of the link, without an error of its own", async () => {
    const { response, controller } = events();
    const { transport } = transportTo(() => response);
    const link = await transport.connect();
    const { frames, end } = over(link);
    controller.enqueue(encode("data: 1\ndata: [12,0,7]\n\n"));
    controller.close();
    expect(await end).toBeUndefined();
    expect(frames).toEqual([{ type: FrameType.PING, call: 0, answer: false, nonce: 7 }]);
  });

  test("that a carrier repeats or loses end the link", async () => {
    for (const stream of ["data: 1\n\ndata: 1\n\n", "data: 1\n\ndata: 3\n\n"]) {
      const { response, controller } = events();
      const { transport } = transportTo(() => response);
      const link = await transport.connect();
      const { end } = over(link);
      controller.enqueue(encode(stream));
      expect((await end)?.code).toBe("UNAVAILABLE");
    }
  });

  test("X44 that have left the server and do not come are reported, and the next link asks for padding", async () => {
    const clock = new FakeClock();
    const degraded: Degradation[] = [];
    const warnings: string[] = [];
    const ignore = (): void => {};
    let streams: ReturnType<typeof events>[] = [];
    const { transport, asked } = transportTo(
      (_number, { headers }) => {
        if (headers.accept !== "text/event-stream") return new Response("7");
        const made = events();
        streams = [...streams, made];
        made.controller.enqueue(encode(":\n\n"));
        return made.response;
      },
      {
        clock,
        onDegraded: (degradation) => void degraded.push(degradation),
        logger: {
          trace: ignore,
          debug: ignore,
          info: ignore,
          warn: (line) => void warnings.push(line),
          error: ignore,
        },
      },
    );
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    const link = await transport.connect();
    const { end } = over(link);
    link.send(ping);
    await turn();
    link.send(ping);
    await turn();
    await clock.advance(5_000);
    expect((await end)?.code).toBe("UNAVAILABLE");
    expect(degraded).toEqual([{ lateMs: 5_000, isPadded: false }]);
    expect(warnings.length).toBe(1);

    const padded = await transport.connect();
    const second = over(padded);
    padded.send(ping);
    await turn();
    padded.send(ping);
    await turn();
    await clock.advance(5_000);
    // It goes on as well as it can.
    expect(degraded).toEqual([
      { lateMs: 5_000, isPadded: false },
      { lateMs: 5_000, isPadded: true },
    ]);
    expect(asked.map(({ headers }) => headers["sluice-padding"])).toEqual([
      undefined,
      undefined,
      "8192",
      undefined,
    ]);
    streams[1]?.controller.enqueue(encode("data: 1\ndata: [12,0,7]\n\n"));
    await turn();
    expect(second.frames.length).toBe(1);
    padded.destroy();
    expect(clock.armedTimers).toBe(0);
  });
});

describe("ClientTransport", () => {
  test("refuses URLs that are none of HTTP, or hold credentials, and does not repeat those", () => {
    for (const url of ["", "/rpc", "ftp://h/", "ws://h/"]) {
      expect(() => new ClientTransport({ url })).toThrow(
        expect.objectContaining({ code: "INVALID_ARGUMENT" }),
      );
    }
    let message = "";
    try {
      new ClientTransport({ url: "https://ada:hunter2@h/rpc" });
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain("credentials");
    expect(message).not.toContain("hunter2");
  });

  test("refuses options that it does not know", () => {
    expect(() => new ClientTransport({ url: "http://h/", header: {} } as never)).toThrow(
      /did you mean headers/,
    );
  });

  test("connects no more when it was disposed, and ends its links", async () => {
    const { transport } = transportTo(() => events().response);
    const link = await transport.connect();
    const { end } = over(link);
    await transport.dispose();
    expect(await end).toBeUndefined();
    await expect(transport.connect()).rejects.toMatchObject({ code: "UNAVAILABLE", processed: "no" });
  });

  test("gives up at once where that was said before", async () => {
    const { transport, asked } = transportTo(() => events().response);
    await expect(transport.connect({ signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "CANCELLED",
    });
    expect(asked).toEqual([]);
  });

  test("is what an address of http: and https: stands for, without options of TLS", () => {
    expect(transportFromAddress({ scheme: "https", url: "https://h/rpc" }).name).toBe("http");
    const tls = { rejectUnauthorized: false };
    expect(() => transportFromAddress({ scheme: "https", url: "https://h/rpc" }, { tls })).toThrow(
      SluiceError,
    );
  });
});
