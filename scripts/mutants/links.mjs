/**
 * Mutants of carriers, relays, web origins and reconnection: docs/wire.md §3, §4.12, §5.
 */

/** @typedef {import("./mutant.mjs").Mutant} Mutant */

const protocol = "packages/protocol";
const client = "packages/client";

/** @type {readonly Mutant[]} */
export const links = [
  {
    name: "a socket that is destroyed has no listener for errors",
    known: "error listener removed before 'close'",
    patches: [
      {
        file: "packages/transport-socket/src/socket-duplex.ts",
        find: "  destroy(): void {\n    this.#socket.destroy();\n",
        replace:
          '  destroy(): void {\n    this.#socket.removeAllListeners("error");\n    this.#socket.destroy();\n',
      },
      {
        file: "packages/transport-socket/src/socket-duplex.ts",
        find: "  end(): void {\n    this.#socket.end();\n",
        replace: '  end(): void {\n    this.#socket.removeAllListeners("error");\n    this.#socket.end();\n',
      },
    ],
    tests: ["packages/transport-socket/test/socket-duplex.test.ts"],
    why: "A reset at the wrong moment would end the process.",
  },
  {
    name: "a relay reads on while it cannot pass on",
    known: "relay adds own queue",
    patches: [
      {
        file: `${protocol}/src/relay/joined-links.ts`,
        find: "    this.#isPaused = true;\n    this.link.pause();\n",
        replace: "",
      },
    ],
    tests: [`${protocol}/test/relay/joined-links.test.ts`],
    why: "What a slow peer does not read would gather in the relay.",
  },
  {
    name: "a relay forgets a call when its callee has failed it",
    patches: [
      {
        file: `${protocol}/src/relay/joined-links.ts`,
        find: "      if (frame.circuit) this.calls.forget(call);\n",
        replace: "      if (!isNoRoom(frame)) this.calls.forget(call);\n",
      },
    ],
    tests: [`${protocol}/test/relay/joined-links.test.ts`],
    why: "Its caller's DONE would not arrive, and the callee would keep what it sent.",
  },
  {
    name: "a relay keeps one link when it has lost the other",
    patches: [
      {
        file: `${protocol}/src/relay/joined-links.ts`,
        find: "  lost(): void {\n    this.close();\n",
        replace: "  lost(): void {\n",
      },
    ],
    tests: [`${protocol}/test/relay/joined-links.test.ts`],
    why: "Calls would hang until somebody's silence is noticed.",
  },
  {
    name: "a payload with line ends stands in an event as it is",
    known: "SSE `id` unescaped",
    patches: [
      {
        file: `${protocol}/src/frame/text-frames.ts`,
        find: "    return /\\p{Cc}/u.test(text) ? undefined : text;\n",
        replace: "    return text;\n",
      },
    ],
    tests: [`${protocol}/test/frame/text-frames.test.ts`],
    why: "A value could begin an event of its own.",
  },
  {
    name: "Host is not judged for a WebSocket",
    known: "Host check skipped for WS",
    patches: [
      {
        file: "packages/transport-websocket/src/node/upgrade-gate.ts",
        find: "const reason = webRefusal({ origin, host, isEncrypted",
        replace: 'const reason = webRefusal({ origin, host: "localhost", isEncrypted',
      },
    ],
    tests: ["packages/transport-websocket/test/node"],
    why: "A page whose name was made to point here would be of the server's own origin.",
  },
  {
    name: "an origin is allowed by how it begins",
    patches: [
      {
        file: `${protocol}/src/link/web-origin.ts`,
        find: ": rules.origins.has(origin);",
        replace: ": [...rules.origins].some((one) => origin.startsWith(one));",
      },
    ],
    tests: [`${protocol}/test/link/web-origin.test.ts`],
    why: "`https://app.example.com.evil.test` would be let in.",
  },
  {
    name: "a batch that comes again is handed on again",
    patches: [
      {
        file: "packages/transport-http/src/batch-order.ts",
        find: "if (number < this.#next || this.#early.has(number)) return",
        replace: "if (number < this.#next - 1 || this.#early.has(number)) return",
      },
      {
        file: "packages/transport-http/src/batch-order.ts",
        find: "    this.#next++;\n    hand(batch);\n",
        replace: "    this.#next = Math.max(this.#next, number + 1);\n    hand(batch);\n",
      },
    ],
    tests: [
      "packages/transport-http/test/http-faults.test.ts",
      "packages/transport-http/test/session-requests.test.ts",
    ],
    why: "A request that a proxy repeats would put its frames twice into the link.",
  },
  {
    name: "a connection that was made begins the backoff anew",
    known: "backoff reset at connect",
    patches: [
      {
        file: `${client}/src/connection.ts`,
        find: "    this.#connectedAt = this.#options.clock.now();\n",
        replace: "    this.#connectedAt = this.#options.clock.now();\n    this.#failures = 0;\n",
      },
    ],
    tests: [`${client}/test/connection.test.ts`, `${client}/test/connection-attempts.test.ts`],
    why: "A server that lets in and drops would be asked ten times a second by each client.",
  },
  {
    name: "a session that was left keeps its link when its last call has ended",
    patches: [
      {
        file: `${client}/src/session-search.ts`,
        find: "    if (!session.isDetached) session.close(noCalls());\n",
        replace: "",
      },
    ],
    tests: ["tests/moving-on.test.ts"],
    why: "A client would have one link more for each time that a server was away.",
  },
  {
    name: "the first pause is already the second",
    patches: [
      {
        file: `${client}/src/reconnect-policy.ts`,
        find: "initial * factor ** (failures - 1));\n",
        replace: "initial * factor ** failures);\n",
      },
    ],
    tests: [`${client}/test/reconnect-policy.test.ts`],
    why: "A pause that is twice what was asked for.",
  },
  {
    name: "a peer that reads nothing may be answered for ever",
    patches: [
      {
        file: `${protocol}/src/link/byte-link.ts`,
        find: "      if (this.#writer.bytes > maxUnsentBytes) {\n",
        replace: "      if (this.#writer.bytes > 100 * maxUnsentBytes) {\n",
      },
    ],
    tests: [`${protocol}/test/link/byte-link.test.ts`],
    why: "A peer that asks and never reads would fill memory with answers.",
  },
  {
    name: "a link takes data without bound",
    patches: [
      {
        file: `${protocol}/src/link/byte-link.ts`,
        find: "const room = this.#isFull ? 0 : roomBytes - this.#writer.bytes;",
        replace: "const room = this.#isFull ? 0 : roomBytes;",
      },
    ],
    tests: [`${protocol}/test/link/byte-link.test.ts`],
    why: "Control frames would stand behind megabytes of data.",
  },
];
