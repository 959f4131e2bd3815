/** Ports as transports: used once, or brought anew; what is no port. */
import { MessageChannel } from "node:worker_threads";
import type { Link } from "@sluice/protocol/wire";
import { type MessagePortLike, messagePortTransport } from "@sluice/transport-memory";
import { describe, expect, test } from "vitest";

describe("messagePortTransport", () => {
  test("makes a structured link at each side of a channel", async () => {
    const { port1, port2 } = new MessageChannel();
    const transport = messagePortTransport(port1);
    const near = await transport.connect();
    const links: Link[] = [];
    messagePortTransport(port2).accept?.((link) => links.push(link));
    expect([transport.name, near.kind, near.info, links.length]).toEqual([
      "message-port",
      "structured",
      { transport: "message-port" },
      1,
    ]);
    near.destroy();
  });

  test("uses a port once, and says for good that it is over", async () => {
    const { port1 } = new MessageChannel();
    const transport = messagePortTransport(port1);
    (await transport.connect()).destroy();
    await expect(transport.connect()).rejects.toMatchObject({ code: "FAILED_PRECONDITION", processed: "no" });
    expect(() => transport.accept?.(() => {})).toThrow(
      expect.objectContaining({ code: "FAILED_PRECONDITION" }),
    );
  });

  test("connects again with a port that a function brings, and cannot accept then", async () => {
    let brought = 0;
    const transport = messagePortTransport(async () => {
      brought++;
      return new MessageChannel().port1;
    });
    for (let round = 1; round <= 2; round++) {
      (await transport.connect()).destroy();
      expect(brought).toBe(round);
    }
    expect(transport.accept).toBeUndefined();
    const failing = messagePortTransport(() => {
      throw new Error("no worker");
    });
    await expect(failing.connect()).rejects.toMatchObject({ code: "UNAVAILABLE", processed: "no" });
  });

  test("makes no link after its disposal, and closes a port that came too late", async () => {
    const { port1, port2 } = new MessageChannel();
    let bring: (port: MessagePortLike) => void = () => {};
    const transport = messagePortTransport(
      () =>
        new Promise<MessagePortLike>((resolve) => {
          bring = resolve;
        }),
    );
    const connecting = transport.connect();
    await transport.dispose();
    const closed = new Promise((resolve) => port2.on("close", resolve));
    bring(port1);
    await expect(connecting).rejects.toMatchObject({ code: "UNAVAILABLE", processed: "no" });
    await closed;
    await expect(transport.connect()).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  test("refuses what is no port, and windows, which anybody may post to", () => {
    for (const none of [{}, { postMessage: 1, on() {} }, { postMessage() {} }]) {
      expect(() => messagePortTransport(none as unknown as MessagePortLike)).toThrow(TypeError);
    }
    const page = { postMessage() {}, addEventListener() {}, removeEventListener() {}, window: {} };
    page.window = page;
    expect(() => messagePortTransport(page)).toThrow("A window is no port");
    expect(() => messagePortTransport(new MessageChannel().port1, { limits: { maxDepth: 0 } })).toThrow(
      RangeError,
    );
  });

  test("judges values by its own limits", async () => {
    const { port1, port2 } = new MessageChannel();
    const far = await messagePortTransport(port1, { limits: { maxNodes: 2 } }).connect();
    const codes: string[] = [];
    const judged = new Promise<void>((resolve) => {
      far.receive({
        frame() {},
        malformed(error) {
          codes.push(error.code);
          resolve();
        },
        flushing() {},
        writable() {},
        closed() {},
      });
    });
    const fields = { type: 5, call: 1, offset: 0, head: false, more: false, raw: false, total: 256 + 16 };
    port2.postMessage({
      number: 1,
      frames: [
        { ...fields, payload: [1] },
        { ...fields, payload: [1, 2] },
      ],
      taken: 0,
      end: false,
    });
    await judged;
    expect(codes).toEqual(["DECODE_ERROR"]);
    far.destroy();
  });
});
