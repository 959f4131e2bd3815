/**
 * The house's plan: which package stands on which, and the floors of each, bottom up; ARCHITECTURE.md explains it.
 */

/**
 * @typedef {object} PackagePlan
 * @property {readonly string[]} below packages of ours that it may import
 * @property {readonly (string | readonly string[])[]} floors what is in `src/`, bottom up: `name.ts`, `folder/`, or a file of
 *   a folder that has a floor of its own; several on one floor as a list. The longest match counts
 * @property {readonly string[]} [node] files and folders of `src/` that may know Node; absent: none
 */

/** @type {Record<string, PackagePlan>} */
export const housePlan = {
  protocol: {
    below: [],
    floors: [
      "errors/",
      "limits.ts",
      "clock.ts",
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
      ["index.ts", "wire.ts", "msgpack.ts"],
      "testing/",
      "testing/node/",
    ],
    node: ["testing/node/"],
  },
  client: {
    below: ["protocol"],
    floors: [
      "reconnect-policy.ts",
      "connection.ts",
      "client-options.ts",
      "procedures.ts",
      "reverse-calls.ts",
      "client.ts",
      "by-scheme.ts",
      "connect.ts",
      "index.ts",
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
      "connection-acceptor.ts",
      "by-scheme.ts",
      "server.ts",
      ["index.ts", "ajv.ts"],
    ],
  },
  "transport-memory": {
    below: ["protocol"],
    floors: [
      "turn-queue.ts",
      "memory-duplex.ts",
      "memory-link.ts",
      "memory-transport.ts",
      "by-address.ts",
      "index.ts",
    ],
  },
  "transport-socket": {
    below: ["protocol"],
    floors: [
      "node-utf8.ts",
      "unix-path.ts",
      "socket-duplex.ts",
      "connect-socket.ts",
      "listen-socket.ts",
      "socket-transport.ts",
      "by-address.ts",
      "index.ts",
    ],
    node: [""],
  },
};
