/** REL-F12: connections that are reset, at 200 places of an exchange, on both sides. */
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { encodeRaw, rawBytes, rawFrames, rawJoin, rawType } from "@sluice/protocol/testing";
import { type Child, connectedSocket, inChild } from "@sluice/protocol/testing/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { builtProgram } from "../built-program.ts";
import { childOptions, Victim } from "./victim.ts";

/** A sequence of numbers that look random, the same in each run. */
function* places(seed: number): Generator<number> {
  let state = seed;
  for (;;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

const resets = 200;
const seed = 4_711;

describe("REL-F12 a server whose clients reset their connections", () => {
  let victim: Victim;
  beforeAll(async () => {
    victim = await Victim.start({}, { scheme: "tcp" });
  });
  afterAll(() => victim.stop());

  test(`lives through ${resets} of them (seed ${seed}), with nothing uncaught`, async () => {
    const epoch = "00000000000000c1";
    const limits = { maxMessage: 4_194_304, maxMetadata: 8_192, maxName: 255, maxCalls: 1_024 };
    const hello = {
      ...{ versions: [1], codecs: ["json"], peer: "raw", epoch, window: 65_536, floor: 2_048 },
      limits: { ...limits, maxConcurrentHandlers: 256, maxDeadline: 86_400_000 },
    };
    const open = (call: number, name: string, openFlags: number, param: unknown) =>
      rawFrames.open(call, {
        origin: epoch,
        number: call,
        name,
        openFlags,
        payload: rawBytes(JSON.stringify(param)),
      });
    const items = Array.from({ length: 20 }, (_, at) => {
      const payload = rawBytes(JSON.stringify("x".repeat(98)));
      return rawFrames.data(7, { offset: 66 + at * 164, payload });
    });
    const greeting = encodeRaw(rawFrames.json(rawType.HELLO, hello));
    const exchange = rawJoin(
      ...[
        open(1, "echo", 1, { text: "x".repeat(300) }),
        open(3, "pour", 1, { bytes: 5_000 }),
        open(5, "hold", 0, {}),
        open(7, "collect", 0, {}),
        ...items,
        rawFrames.cancel(3),
        rawFrames.end(7, 66 + items.length * 164),
        rawFrames.done([1]),
      ].map((frame) => encodeRaw(frame)),
    );
    const { calls } = await victim.unharmedBy(async () => {
      const random = places(seed);
      for (let count = 0; count < resets; count++) {
        const socket = await connectedSocket(victim.address);
        const closed = new Promise((resolve) => socket.on("error", () => {}).once("close", resolve));
        const welcomed = once(socket, "data");
        const at = Math.floor((random.next().value as number) * (greeting.length + exchange.length));
        await new Promise((resolve) => socket.write(greeting.subarray(0, at), resolve));
        if (at > greeting.length) {
          await welcomed;
          await new Promise((resolve) => socket.write(exchange.subarray(0, at - greeting.length), resolve));
        } else welcomed.catch(() => {});
        // Half of them once the server has answered what there was to answer.
        if (count % 2 === 0) await victim.honest.request("echo", { param: 0 });
        expect(socket.destroyed).toBe(false);
        socket.resetAndDestroy();
        await closed;
      }
    });
    expect(calls).toBeGreaterThan(resets / 2);
  });
});

describe("REL-F12 a client whose servers reset their connections", () => {
  test(`lives through ${resets} of them (seed ${seed}), with nothing uncaught`, async () => {
    const random = places(seed);
    let accepted = 0;
    const server = createServer((socket: Socket) => {
      accepted++;
      socket.on("error", () => {});
      const answer = welcomeAndMore();
      const at = Math.floor((random.next().value as number) * answer.length);
      socket.once("data", () => {
        socket.write(answer.subarray(0, at), () => socket.resetAndDestroy());
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const child: Child = inChild(builtProgram(new URL("./children/client.ts", import.meta.url)), {
      ...childOptions,
      args: [`tcp://127.0.0.1:${port}`],
    });
    expect(await child.message()).toBe("started");
    const ends = new Map<string, number>();
    for (let count = 0; count < resets; count++) {
      const { ended } = (await child.ask({ call: "echo" })) as { ended: string };
      ends.set(ended, (ends.get(ended) ?? 0) + 1);
    }
    expect(accepted).toBe(resets);
    // In the handshake nothing was processed; inside the session nobody knows.
    expect([...ends.keys()].sort()).toEqual(["UNAVAILABLE maybe", "UNAVAILABLE no"]);
    expect(((await child.ask("report")) as { troubles: string[] }).troubles).toEqual([]);
    child.disconnect();
    server.close();
    expect(await child.end()).toMatchObject({ code: 0, stderr: "" });
  });
});

/** A WELCOME, and frames of a server that calls its client. */
function welcomeAndMore(): Uint8Array {
  const counts = { maxCalls: 1_024, maxConcurrentHandlers: 256, maxDeadline: 86_400_000 };
  const welcome = {
    ...{ version: 1, codec: "json", peer: "raw", epoch: "00000000000000a1", heartbeat: 15_000 },
    ...{
      window: 65_536,
      floor: 2_048,
      limits: { maxMessage: 4_194_304, maxMetadata: 8_192, maxName: 255, ...counts },
    },
  };
  return rawJoin(
    ...[
      rawFrames.json(rawType.WELCOME, welcome),
      rawFrames.open(2, { origin: "00000000000000a1", name: "echo" }),
      rawFrames.ping(1),
      rawFrames.json(rawType.DRAIN, { grace: 1_000, retry: 0 }),
    ].map((frame) => encodeRaw(frame)),
  );
}
