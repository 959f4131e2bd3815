/**
 * The house's plan: which package stands on which, and the floors of each, bottom up; ARCHITECTURE.md explains it.
 */

/**
 * @typedef {object} PackagePlan
 * @property {readonly string[]} below packages of ours that it may import
 * @property {readonly (string | readonly string[])[]} floors what is in `src/`, bottom up: `name.ts`, `folder/`, or a file of
 *   a folder that has a floor of its own; several on one floor as a list. The longest match counts
 * @property {Readonly<Record<string, readonly string[]>>} [loads] by file: packages of ours that are not below, of which it may import
 *   types, and load the rest when it is called; who does not call it does not load them
 * @property {readonly string[]} [alone] folders of `src/` whose files import nothing of ours but each other, so that what they test
 *   cannot be wrong in the same way
 * @property {readonly string[]} [node] files and folders of `src/` that may know Node; absent: none
 */

/** @type {Record<string, PackagePlan>} */
export const housePlan = {
  protocol: {
    below: [],
    floors: [
      "errors/",
      "limits.ts",
      "option-names.ts",
      "clock.ts",
      "within.ts",
      "event-emitter.ts",
      "address.ts",
      "definition/json-schema.ts",
      "schema/",
      "definition/",
      "frame/",
      "codec/",
      "link/",
      "session/",
      "call/",
      "relay/",
      ["index.ts", "wire.ts", "msgpack.ts"],
      "testing/raw/",
      "testing/",
      "testing/node/",
    ],
    alone: ["testing/raw/"],
    node: ["testing/node/"],
  },
  client: {
    below: ["protocol"],
    floors: [
      ["reconnect-policy.ts", "connector.ts", "session-waiters.ts", "transport-round.ts"],
      "session-search.ts",
      "connection.ts",
      "ping.ts",
      "client-options.ts",
      "procedures.ts",
      "reverse-calls.ts",
      "bare-client.ts",
      "client.ts",
      "by-scheme.ts",
      "connect.ts",
      ["index.ts", "bare.ts"],
    ],
  },
  server: {
    below: ["protocol"],
    floors: [
      "access.ts",
      "ajv-validator.ts",
      "validation.ts",
      "service-registry.ts",
      "server-connection.ts",
      "lifecycle.ts",
      "server-options.ts",
      "call-watch.ts",
      "served-calls.ts",
      ["kept-sessions.ts", "shared-slots.ts"],
      "connection-acceptor.ts",
      "by-scheme.ts",
      ["leak-report.ts", "listeners.ts"],
      "connection-table.ts",
      "server.ts",
      "subscriber-queue.ts",
      ["subscription.ts", "waiting-publishes.ts"],
      "broadcast.ts",
      "methods-of.ts",
      "bind.ts",
      ["index.ts", "ajv.ts"],
      "node/",
    ],
    node: ["node/"],
  },
  "transport-memory": {
    below: ["protocol"],
    floors: [
      "turn-queue.ts",
      "memory-duplex.ts",
      "portable-copy.ts",
      "copied-frame.ts",
      "memory-link.ts",
      "memory-transport.ts",
      "port-like.ts",
      "port-batch.ts",
      "port-room.ts",
      "message-port-link.ts",
      "message-port-transport.ts",
      "by-address.ts",
      "standalone.ts",
      "index.ts",
    ],
    // A client and a server in one need both; links need neither.
    loads: { "standalone.ts": ["client", "server"] },
  },
  "transport-socket": {
    below: ["protocol"],
    floors: [
      ["node-utf8.ts", "foreign-bytes.ts", "unix-path.ts", "tls-errors.ts", "tls-context.ts"],
      "peer-certificate.ts",
      "socket-duplex.ts",
      "stream-duplex.ts",
      "tls-acceptor.ts",
      ["connect-socket.ts", "socket-server.ts", "socket-target.ts"],
      ["listen-socket.ts", "socket-transport.ts", "child-process-transport.ts", "stdio-transport.ts"],
      ["by-scheme.ts", "pipe-close.ts", "pipe-options.ts", "pipe-queue.ts", "pipe-schemes.ts"],
      ["pipe-heartbeat.ts", "pipe-readable.ts", "pipe-sender.ts"],
      "pipe-writable.ts",
      ["pipe.ts", "socket-pipe-port.ts"],
      "open-pipe.ts",
      "serve-pipe.ts",
      "by-address.ts",
      "index.ts",
    ],
    node: [""],
  },
  "transport-websocket": {
    below: ["protocol"],
    floors: [
      ["close-code.ts", "websocket-like.ts", "pack-messages.ts", "read-url.ts", "listen-options.ts"],
      ["pipe-messages.ts", "web-pipe.ts"],
      ["unsent-watch.ts", "open-websocket.ts"],
      "websocket-duplex.ts",
      ["accept-websocket.ts", "websocket-transport.ts"],
      ["web-listener.ts", "web-transport.ts"],
      "web-by-address.ts",
      "node/",
      "hono-socket.ts",
      "hono-websocket.ts",
      ["index.ts", "node.ts", "hono.ts"],
    ],
    node: ["node/", "node.ts"],
  },
  "transport-http": {
    below: ["protocol"],
    floors: [
      ["http-status.ts", "json-text.ts", "local-links.ts", "pulled-body.ts", "socket-address.ts"],
      ["sse.ts", "event-text.ts", "wire-headers.ts", "batch-order.ts", "buffering-watch.ts", "uplink.ts"],
      ["http-refusal.ts", "direct-session.ts", "downlink.ts", "response-error.ts"],
      ["direct-metadata.ts", "direct-response.ts", "direct-opening.ts", "origin.ts", "read-body.ts"],
      ["direct-request.ts", "direct-events.ts", "client-duplex.ts", "server-duplex.ts"],
      ["direct-call.ts", "client-transport.ts", "link-table.ts"],
      ["by-address.ts", "session-requests.ts"],
      "server-transport.ts",
      "node-request.ts",
      "node-response.ts",
      "node-handler.ts",
      ["listen-http.ts", "hono-middleware.ts"],
      "listen-by-address.ts",
      ["index.ts", "node.ts", "hono.ts"],
    ],
    node: [
      "node-request.ts",
      "node-response.ts",
      "node-handler.ts",
      "listen-http.ts",
      "listen-by-address.ts",
      "node.ts",
    ],
  },
};
