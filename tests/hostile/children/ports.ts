/**
 * Everything of ours that listens, in a process with a small heap: a server on a Unix socket, on TCP and on TLS, and raw pipes.
 *
 * Argument: a folder for the sockets, and milliseconds for handshakes and between pings, as JSON.
 */
import { join } from "node:path";
import { Server } from "@sluice/server";
import { listenSocket, servePipe } from "@sluice/transport-socket";
import { serverTls } from "../certificates.ts";
import { protocol } from "../protocol.ts";
import { memoryNow, troubles } from "./report.ts";

/** Where each kind of port is. */
export interface Ports {
  readonly unix: string;
  readonly tcp: string;
  readonly tls: string;
  readonly "pipe on unix": string;
  readonly "pipe on tcp": string;
}

const { folder, handshakeTimeout } = JSON.parse(process.argv[2] as string) as {
  folder: string;
  handshakeTimeout: number;
};
let started = 0;
const server = new Server({
  protocol: { echo: protocol.echo },
  public: true,
  handshakeTimeout,
  handlers: {
    echo({ param }) {
      started++;
      return param;
    },
  },
});
const [unix, tcp] = await server.listen(`unix:${join(folder, "server.sock")}`, "tcp://127.0.0.1:0");
const [tls] = await server.listen(listenSocket({ port: 0, tls: serverTls, handshakeTimeout }));
// A silent peer is lost one interval after the first ping.
const options = { pingInterval: handshakeTimeout };
const pipes = await Promise.all(
  [`unix:${join(folder, "pipe.sock")}`, "tcp://127.0.0.1:0"].map((url) =>
    servePipe(url, ({ readable, writable }) => readable.pipeTo(writable), options),
  ),
);

process.on("message", async (question) => {
  if (question === "dispose") {
    await Promise.all(pipes.map((pipe) => pipe.close()));
    await server.dispose();
    process.send?.("disposed", () => process.disconnect());
    return;
  }
  const open = pipes.reduce((sum, one) => sum + one.pipes.size, server.connections.length);
  process.send?.({ ...memoryNow(), troubles: troubles(), started, open });
});
process.send?.({ unix, tcp, tls, "pipe on unix": pipes[0]?.address, "pipe on tcp": pipes[1]?.address });
