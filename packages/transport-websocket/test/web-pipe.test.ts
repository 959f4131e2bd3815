/** Raw pipes where a WebSocket cannot stop reading: refused, with the reason. */
import { expect, test } from "vitest";
import * as web from "../src/index.ts";
import { WebSocketPipeCarrier } from "../src/node/pipe-carrier.ts";
import { WebSocketDuplex } from "../src/websocket-duplex.ts";
import { FakeWebSocket } from "./fake-websocket.ts";

const refused = { code: "UNIMPLEMENTED", message: expect.stringContaining("cannot stop reading") };

test("a page opens no pipe and serves none, and is told why", async () => {
  await expect(web.connectPipe()).rejects.toMatchObject(refused);
  await expect(web.listenForPipes().listen(() => {})).rejects.toMatchObject(refused);
});

test("a socket that cannot be paused carries no pipe, and is closed", () => {
  const socket = new FakeWebSocket();
  expect(() => new WebSocketPipeCarrier(socket, new WebSocketDuplex(socket))).toThrow(
    expect.objectContaining(refused),
  );
  expect(socket.readyState).toBeGreaterThan(1);
});
