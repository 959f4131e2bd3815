// The peers: what runs, over which transport, and what each cannot do.
import { fileURLToPath, pathToFileURL } from "node:url";
import { peerVersions } from "./install.mjs";

const versions = peerVersions();
const moduleOf = (file) => pathToFileURL(fileURLToPath(new URL(file, import.meta.url))).href;

/** An entry as of adapters/list.mjs; `packages` are named with their versions, `lacks` is a reason by workload. */
function peer({ name, file, transport, packages, title, lacks = {}, bundle }) {
  const exact = packages.map((one) => `${one} ${versions[one]}`).join(", ");
  return {
    name,
    role: "peer",
    title: `${exact}: ${title}`,
    transports: [transport],
    moduleFor: () => moduleOf(file),
    lacks: (workload) => lacks[workload] ?? lacks[workload.split("-")[0]],
    bundle,
  };
}

const noChannel = "it has no channel of items both ways";
const noStreams = "its items are events of the socket: it has no streams that could be idle";
const noBytes = "JSON only: it carries no bytes inside a stream unless a transformer of one's own is added";

export const peers = [
  peer({
    name: "socket.io",
    file: "./socket-io.mjs",
    transport: "ws",
    packages: ["socket.io", "socket.io-client"],
    title:
      "WebSocket only, no compression; events with acknowledgements. It validates nothing, and knows no backpressure",
    lacks: { "W8-streams": noStreams },
    bundle: {
      code: 'import { io } from "socket.io-client"; export const open = io; export const run = (socket) => socket.emitWithAck("echo", 1);',
    },
  }),
  peer({
    name: "trpc-ws",
    file: "./trpc-ws.mjs",
    transport: "ws",
    packages: ["@trpc/server", "@trpc/client", "zod"],
    title: "`wsLink`; zod checks inputs, outputs and, on the server, items. Clients check nothing",
    lacks: { W6: noChannel, W7: noBytes },
    bundle: {
      code: 'import { createTRPCClient, createWSClient, wsLink } from "@trpc/client"; export const open = (url) => createTRPCClient({ links: [wsLink({ client: createWSClient({ url }) })] }); export const run = (client) => client.echo.mutate(1);',
    },
  }),
  peer({
    name: "trpc-http",
    file: "./trpc-http.mjs",
    transport: "http",
    packages: ["@trpc/server", "@trpc/client", "zod"],
    title:
      "`httpBatchStreamLink` on the standalone server, `fetch` of Node; zod as above. Streams are queries that give generators",
    lacks: { W6: noChannel, W7: noBytes },
    bundle: {
      code: 'import { createTRPCClient, httpBatchStreamLink } from "@trpc/client"; export const open = (url) => createTRPCClient({ links: [httpBatchStreamLink({ url })] }); export const run = (client) => client.echo.mutate(1);',
    },
  }),
  peer({
    name: "capnweb",
    file: "./capnweb.mjs",
    transport: "ws",
    packages: ["capnweb"],
    title: "`newWebSocketRpcSession`, streams as arguments and results. It validates nothing",
    bundle: {
      code: 'import { newWebSocketRpcSession } from "capnweb"; export const open = newWebSocketRpcSession; export const run = (api) => api.echo(1);',
    },
  }),
  peer({
    name: "orpc-ws",
    file: "./orpc-ws.mjs",
    transport: "ws",
    packages: ["@orpc/server", "@orpc/client", "zod"],
    title:
      "`RPCHandler` and `RPCLink` for WebSockets; on the server zod checks inputs, outputs and items. Clients check nothing",
    lacks: { W6: noChannel, W7: noBytes },
    bundle: {
      code: 'import { createORPCClient } from "@orpc/client"; import { RPCLink } from "@orpc/client/websocket"; export const open = (websocket) => createORPCClient(new RPCLink({ websocket })); export const run = (client) => client.echo(1);',
    },
  }),
  peer({
    name: "river",
    file: "./river.mjs",
    transport: "ws",
    packages: ["@replit/river", "@sinclair/typebox", "ws"],
    title: "its `BinaryCodec`; on the server TypeBox checks inputs. What a handler pushes waits for nobody",
    bundle: {
      code: 'import { createClient } from "@replit/river"; import { BinaryCodec } from "@replit/river/codec"; import { WebSocketClientTransport } from "@replit/river/transport/ws/client"; export const open = (socket) => createClient(new WebSocketClientTransport(socket, "client", { codec: BinaryCodec }), "SERVER"); export const run = (client) => client.bench.echo.rpc({});',
    },
  }),
  peer({
    name: "grpc-js",
    file: "./grpc.mjs",
    transport: "tcp",
    packages: ["@grpc/grpc-js", "@grpc/proto-loader"],
    title: "Protocol Buffers over HTTP/2 without TLS. What is valid is what the messages can say",
    bundle: { reason: "it runs on Node only" },
  }),
  peer({
    name: "connect",
    file: "./connect.mjs",
    transport: "http",
    packages: ["@connectrpc/connect", "@connectrpc/connect-node", "@bufbuild/protobuf"],
    title:
      "the Connect protocol with Protocol Buffers over HTTP/2 without TLS, on `node:http2`. What is valid is what the messages can say. Its bundle is that of `@connectrpc/connect-web`",
    bundle: {
      code: 'import { createClient } from "@connectrpc/connect"; import { createConnectTransport } from "@connectrpc/connect-web"; export const open = (service, baseUrl) => createClient(service, createConnectTransport({ baseUrl })); export const run = (client) => client.echo({});',
    },
  }),
];
