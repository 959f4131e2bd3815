// The attacks: each begins something that goes on until its process ends, and counts its attempts.
import { randomBytes } from "node:crypto";
import { setTimeout as rest } from "node:timers/promises";
import { connect } from "@sluice/client";
import { encodeRaw, rawFrames, rawJoin } from "@sluice/protocol/testing";
import { connectedSocket, connectRaw } from "@sluice/protocol/testing/node";
import { systemClock } from "@sluice/protocol/wire";
import { protocol } from "./protocol.mjs";

const MiB = 1_048_576;
const ignore = () => {};

/** Runs `act` again and again, in `count` lanes at once. What fails is tried again after a moment. */
function repeat(count, counter, act) {
  for (let lane = 0; lane < count; lane++) {
    void (async () => {
      for (;;) {
        counter.count++;
        try {
          await act();
        } catch {
          await rest(1);
        }
      }
    })();
  }
}

/** Keeps `count` connections, each begun by `begin`; one that ends is made anew. */
function keepSockets(address, count, counter, begin) {
  repeat(count, counter, async () => {
    const socket = await connectedSocket(address);
    socket.on("error", ignore).on("data", ignore);
    begin(socket);
    await new Promise((resolve) => socket.once("close", resolve));
  });
}

async function openStreams(client, count) {
  const readers = Array.from({ length: count }, () => client.stream("pour").readable.getReader());
  await Promise.all(readers.map((reader) => reader.read()));
  return readers;
}

const rawText = (text) => new TextEncoder().encode(text);

/** Opens and gives up `perWrite` calls in one write, with new connections as old ones are ended. */
async function openAndCancel(address, counter, perWrite) {
  for (;;) {
    const peer = await connectRaw(address, { role: "connector", timers: systemClock }).catch(() => undefined);
    if (peer === undefined) {
      await rest(1);
      continue;
    }
    try {
      await peer.shakeHands();
      for (let number = 1; !peer.isClosed; ) {
        const frames = [];
        for (let call = 0; call < perWrite; call++, number++) {
          const id = 2 * number - 1;
          const parts = { origin: peer.epoch, number, name: "wait", payload: rawText("50") };
          frames.push(rawFrames.open(id, parts), rawFrames.cancel(id, { abort: true }));
          counter.count++;
        }
        peer.sendBytes(rawJoin(...frames.map((frame) => encodeRaw(frame))));
        await rest(0);
      }
    } catch {
      // The server has ended it: on with the next.
    }
    peer.destroy();
  }
}

export const attacks = {
  none: { what: "none", begin: ignore },
  calls: {
    what: "calls without end, 256 in flight",
    async begin(address, counter) {
      const client = await connect(address, { protocol });
      const param = { id: 2, name: "flood", tags: ["x", "y", "z"] };
      repeat(256, counter, () => client.request("ask", { param }));
    },
  },
  cancels: {
    what: "calls that are opened and cancelled at once",
    begin(address, counter) {
      void openAndCancel(address, counter, 50);
    },
  },
  stalled: {
    what: "64 streams that stall after an item",
    async begin(address, counter) {
      await openStreams(await connect(address, { protocol }), 64);
      counter.count += 64;
    },
  },
  slow: {
    what: "64 full windows, an item of each taken every 20 ms",
    async begin(address, counter) {
      for (const reader of await openStreams(await connect(address, { protocol }), 64)) {
        repeat(1, counter, async () => {
          await reader.read();
          await rest(20);
        });
      }
    },
  },
  giants: {
    what: "messages of 4 MiB, 4 in flight",
    async begin(address, counter) {
      const client = await connect(address, { protocol });
      const param = new Uint8Array(4 * MiB);
      repeat(4, counter, () => client.request("size", { param }));
    },
  },
  garbage: {
    what: "16 connections at a time that send 64 KiB of garbage",
    begin(address, counter) {
      const garbage = randomBytes(65_536);
      keepSockets(address, 16, counter, (socket) => socket.write(garbage));
    },
  },
  silent: {
    what: "200 connections that say nothing",
    async begin(address, counter) {
      keepSockets(address, 200, counter, ignore);
      await rest(500);
    },
  },
};
