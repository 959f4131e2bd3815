// The idle clients of scale.mjs: how one of each kind is opened, and what ends it. They run in its process, whose memory nobody counts.
import { once } from "node:events";
import { connect as connectSocket } from "node:net";
import { connect } from "@sluice/client";
import { WebSocket } from "ws";

/** Nobody asks whether the other is alive while memory is read, and a busy machine may take its time. */
export const quietTimings = { heartbeat: 600_000, deadAfter: 1_200_000, handshakeTimeout: 60_000 };

/** Each waits until its server has answered. */
export const openClient = {
  async "raw-unix"(address) {
    const socket = connectSocket(address.slice("unix:".length));
    await once(socket, "data");
    return () => socket.destroy();
  },
  async "raw-ws"(address) {
    const socket = new WebSocket(address, { perMessageDeflate: false });
    await once(socket, "message");
    return () => socket.terminate();
  },
  async "raw-sse"(address) {
    const end = new AbortController();
    const response = await fetch(address, { signal: end.signal });
    const reader = response.body.getReader();
    await reader.read();
    return () => end.abort();
  },
  async sluice(address) {
    const client = await connect(address, { reconnect: false, ...quietTimings });
    await client.ready;
    return () => client.dispose();
  },
};
