/** What a call gives is a real stream: every way of reading it delivers every item, and grants credit for exactly those. */
import { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import { matrix } from "./matrix.ts";
import { inWorld, standsStill, until } from "./world.ts";

/** Numbers from 1 to `to`. */
function upTo(to: number): { n: number }[] {
  return Array.from({ length: to }, (_, at) => ({ n: at + 1 }));
}

async function collect(stream: ReadableStream<{ n: number }>): Promise<{ n: number }[]> {
  const items: { n: number }[] = [];
  await stream.pipeTo(new WritableStream({ write: (item) => void items.push(item) }));
  return items;
}

describe.each(matrix)("streams over $name", (cell) => {
  test("are ReadableStreams and WritableStreams", () =>
    inWorld(
      cell,
      {
        handlers: {
          async "chat/join"({ readable, writable }) {
            expect(readable).toBeInstanceOf(ReadableStream);
            expect(writable).toBeInstanceOf(WritableStream);
            for await (const _ of readable);
            return { heard: 0 };
          },
        },
      },
      async ({ client }) => {
        const chat = client.channel("chat/join", { param: { room: "" } });
        expect(chat.readable).toBeInstanceOf(ReadableStream);
        expect(chat.writable).toBeInstanceOf(WritableStream);
        const { readable, writable } = chat;
        expect([chat.readable === readable, chat.writable === writable]).toEqual([true, true]);
        await writable.close();
        await chat;
      },
    ));

  test("getReader() takes an item per read, and none ahead", () =>
    inWorld(cell, {}, async ({ client }) => {
      const stream = client.stream("numbers/count", { param: { to: 10 } });
      await until(() => stream.stats.received === 10);
      const { buffered } = stream.stats;
      const reader = stream.readable.getReader();
      await standsStill(() => stream.stats.buffered);
      expect(stream.stats.buffered).toBe(buffered);
      await reader.read();
      const perItem = buffered - stream.stats.buffered;
      expect(perItem).toBeGreaterThanOrEqual(64);
      await reader.read();
      expect(stream.stats.buffered).toBe(buffered - 2 * perItem);
      reader.releaseLock();
      expect(await collect(stream.readable)).toEqual(upTo(10).slice(2));
    }));

  test("pipeTo() delivers every item", () =>
    inWorld(cell, {}, async ({ client }) => {
      const stream = client.stream("numbers/count", { param: { to: 3_000 } });
      expect(await collect(stream.readable)).toEqual(upTo(3_000));
      expect(await stream).toEqual({ sent: 3_000 });
    }));

  test("pipeTo() that fails stops the handler", () =>
    inWorld(cell, {}, async ({ client }) => {
      const stream = client.stream("bytes/pour", { param: { size: 100 } });
      const full = new WritableStream({
        write() {
          throw new Error("the disk is full");
        },
      });
      await expect(stream.readable.pipeTo(full)).rejects.toThrow("the disk is full");
      // A reader that leaves says stop: the handler finishes, and what it returns is the result.
      expect(await stream).toBeGreaterThan(0);
    }));

  test("pipeThrough() delivers every item", () =>
    inWorld(cell, {}, async ({ client }) => {
      const doubled = client.stream("numbers/count", { param: { to: 100 } }).readable.pipeThrough(
        new TransformStream<{ n: number }, { n: number }>({
          transform: ({ n }, controller) => controller.enqueue({ n: 2 * n }),
        }),
      );
      expect(await collect(doubled)).toEqual(upTo(100).map(({ n }) => ({ n: 2 * n })));
    }));

  test("tee() delivers every item twice", () =>
    inWorld(cell, {}, async ({ client }) => {
      const stream = client.stream("numbers/count", { param: { to: 2_000 } });
      const [one, other] = stream.readable.tee();
      const [first, second] = await Promise.all([collect(one), collect(other)]);
      expect(first).toEqual(upTo(2_000));
      expect(second).toEqual(upTo(2_000));
      expect(await stream).toEqual({ sent: 2_000 });
    }));

  test("pipeTo() takes what its destination takes, and nothing ahead", () =>
    inWorld(cell, {}, async ({ client }) => {
      const stream = client.stream("numbers/count", { param: { to: 9 } });
      await until(() => stream.stats.received === 9);
      const { buffered } = stream.stats;
      const perItem = buffered / 9;
      const taken: unknown[] = [];
      let goOn = (): void => {};
      const slow = new WritableStream<{ n: number }>(
        {
          write(item) {
            taken.push(item);
            return new Promise((resolve) => {
              goOn = resolve;
            });
          },
        },
        { highWaterMark: 1 },
      );
      const piping = stream.readable.pipeTo(slow);
      for (let count = 1; count <= 9; count++) {
        await until(() => taken.length === count);
        await standsStill(() => stream.stats.buffered, 5);
        expect(stream.stats.buffered).toBe(buffered - count * perItem);
        goOn();
      }
      await piping;
      expect([taken, stream.stats.buffered]).toEqual([upTo(9), 0]);
    }));

  test("tee() takes what its faster branch takes, and nothing ahead", () =>
    inWorld(cell, {}, async ({ client }) => {
      const stream = client.stream("numbers/count", { param: { to: 8 } });
      await until(() => stream.stats.received === 8);
      const perItem = stream.stats.buffered / 8;
      const [fast, slow] = stream.readable.tee();
      await standsStill(() => stream.stats.buffered, 5);
      // Each branch asks for one item ahead, as the Streams Standard has it, and both are given the same.
      expect(stream.stats.buffered).toBe(7 * perItem);
      const reader = fast.getReader();
      for (let count = 1; count < 8; count++) {
        expect((await reader.read()).value).toEqual({ n: count });
        await standsStill(() => stream.stats.buffered, 5);
        expect(stream.stats.buffered).toBe((7 - count) * perItem);
      }
      reader.releaseLock();
      expect(await collect(fast)).toEqual([{ n: 8 }]);
      expect(await collect(slow)).toEqual(upTo(8));
    }));

  test("a stream that was transferred takes what its new reader takes, and one ahead", () =>
    inWorld(cell, {}, async ({ client }) => {
      const stream = client.stream("numbers/count", { param: { to: 8 } });
      await until(() => stream.stats.received === 8);
      const perItem = stream.stats.buffered / 8;
      const moved = structuredClone(stream.readable, { transfer: [stream.readable as never] });
      await standsStill(() => stream.stats.buffered, 5);
      const ahead = 8 - stream.stats.buffered / perItem;
      expect(ahead).toBeLessThanOrEqual(2);
      const reader = moved.getReader();
      for (let count = 1; count <= 8; count++) {
        expect((await reader.read()).value).toEqual({ n: count });
        await standsStill(() => stream.stats.buffered, 5);
        expect(stream.stats.buffered).toBe(Math.max(0, 8 - ahead - count) * perItem);
      }
      expect((await reader.read()).done).toBe(true);
      expect(await stream).toEqual({ sent: 8 });
    }));

  test("a stream that a reader has begun is iterated from there", () =>
    inWorld(cell, {}, async ({ client }) => {
      const stream = client.stream("numbers/count", { param: { to: 20 } });
      const reader = stream.readable.getReader();
      const items = [(await reader.read()).value, (await reader.read()).value];
      reader.releaseLock();
      for await (const item of stream.readable) items.push(item);
      expect(items).toEqual(upTo(20));
    }));

  test("a stream that is being read is locked", () =>
    inWorld(cell, {}, async ({ client }) => {
      const stream = client.stream("numbers/count", { param: { to: 3 } });
      const reader = stream.readable.getReader();
      expect(stream.readable.locked).toBe(true);
      expect(() => stream.readable.getReader()).toThrow(TypeError);
      const iterate = async () => {
        for await (const _ of stream.readable);
      };
      await expect(iterate()).rejects.toThrow(TypeError);
      reader.releaseLock();
      await iterate();
      expect(stream.readable.locked, "read to its end").toBe(false);
    }));

  test("iteration may leave the stream open", () =>
    inWorld(cell, {}, async ({ client }) => {
      const stream = client.stream("numbers/count", { param: { to: 6 } });
      const items: unknown[] = [];
      for await (const item of stream.readable.values({ preventCancel: true })) {
        items.push(item);
        if (items.length === 3) break;
      }
      for await (const item of stream.readable) items.push(item);
      expect(items).toEqual(upTo(6));
    }));

  test("a stream is transferred to a worker, which gets every item", () =>
    inWorld(cell, {}, async ({ client }) => {
      const worker = new Worker(new URL("./children/takes-stream.mjs", import.meta.url));
      const stream = client.stream("numbers/count", { param: { to: 2_000 } });
      const { readable } = stream;
      const told = new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
      worker.postMessage(readable, [readable as never]);
      expect(await told).toEqual({ items: upTo(2_000) });
      expect(await stream).toEqual({ sent: 2_000 });
      await worker.terminate();
    }));

  test("a worker that stops reading stops the handler", () =>
    inWorld(cell, {}, async ({ client }) => {
      const stream = client.stream("bytes/pour", { param: { size: 10_000 } });
      const { readable } = stream;
      const { port1, port2 } = new MessageChannel();
      const arrived = new Promise<ReadableStream<Uint8Array>>((resolve) => {
        port2.onmessage = ({ data }) => resolve(data as ReadableStream<Uint8Array>);
      });
      port1.postMessage(readable, [readable as never]);
      const moved = (await arrived).getReader();
      expect((await moved.read()).value?.length).toBe(10_000);
      await standsStill(() => stream.stats.received);
      // The window, and the few that are on their way to whoever reads.
      expect(stream.stats.received).toBeLessThan(20);
      await moved.cancel();
      expect(await stream).toBeLessThan(20);
      port1.close();
    }));

  test("a writable takes what is piped to it", () =>
    inWorld(cell, {}, async ({ client }) => {
      const upload = client.channel("files/upload");
      const source = new Blob([new Uint8Array(300_000)]).stream();
      await source.pipeTo(upload.writable);
      expect(await upload).toBe(300_000);
    }));

  test("a writable that is aborted gives the call up", () => {
    const reasons: unknown[] = [];
    return inWorld(
      cell,
      {
        handlers: {
          async "files/upload"({ readable, signal }) {
            signal.addEventListener("abort", () => reasons.push(signal.reason));
            let size = 0;
            for await (const chunk of readable) size += chunk.length;
            return size;
          },
        },
      },
      async ({ client }) => {
        const upload = client.channel("files/upload");
        await upload.send(new Uint8Array(10));
        await upload.writable.abort(new Error("changed my mind"));
        await expect(upload).rejects.toMatchObject({ code: "CANCELLED" });
        await until(() => reasons.length === 1);
        expect(reasons).toEqual(["cancelled"]);
      },
    );
  });

  test("a writer's ready and desiredSize follow the credit", () =>
    inWorld(
      cell,
      {
        handlers: {
          async "files/upload"({ readable, signal }) {
            const reader = readable.getReader();
            await new Promise((resolve) => signal.addEventListener("abort", resolve));
            let size = 0;
            for (;;) {
              const { done, value } = await reader.read();
              if (done) return size;
              size += value.length;
            }
          },
        },
      },
      async ({ client }) => {
        const upload = client.channel("files/upload");
        const writer = upload.writable.getWriter();
        await writer.ready;
        expect(writer.desiredSize).toBe(1);
        while (upload.stats.credit > 0 || upload.stats.sent === 0) {
          void writer.write(new Uint8Array(5_000));
          await standsStill(() => upload.stats.credit);
        }
        expect(writer.desiredSize).toBeLessThanOrEqual(0);
        let isReady = false;
        const ready = writer.ready.then(() => {
          isReady = true;
        });
        await standsStill(() => upload.stats.credit);
        expect(isReady).toBe(false);
        await upload.close();
        await ready;
        expect(await upload).toBeGreaterThan(0);
      },
    ));
});
