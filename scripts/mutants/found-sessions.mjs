/**
 * Mutants of who finds a session again, with what: docs/wire.md §3.1, §4.7.
 */

/** @typedef {import("./mutant.mjs").Mutant} Mutant */

const session = "packages/protocol/src/session";
const test = "packages/protocol/test/session";
const server = "packages/server/src";

/** @type {readonly Mutant[]} */
export const foundSessions = [
  {
    name: "a peer of another epoch finds a session",
    known: "no epoch check",
    patches: [
      {
        file: `${server}/kept-sessions.ts`,
        find: "      session.peer.epoch !== hello.peer.epoch ||\n",
        replace: "",
      },
    ],
    tests: ["tests/sessions.test.ts"],
    why: "A client that was started anew would be given calls that it knows nothing of.",
  },
  {
    name: "a session goes on with a server that was started anew",
    known: "no epoch check",
    patches: [
      {
        file: `${session}/connect-session.ts`,
        find: "if (session.isOver || session.peer.epoch !== peer.epoch || kind",
        replace: "if (session.isOver || kind",
      },
    ],
    tests: [`${test}/other-peer.test.ts`],
    why: "Calls would be repeated at a server that does not know their keys, and run twice.",
    unmodelled: "none of our servers answers for a session of its former life",
  },
  {
    name: "another identity finds a session",
    known: "resume skips auth",
    patches: [
      {
        file: `${server}/kept-sessions.ts`,
        find: "      kept.owner !== ownerOf(identity) ||\n",
        replace: "",
      },
    ],
    tests: ["tests/sessions.test.ts"],
    why: "A stolen secret would be enough.",
    unmodelled: "all peers of a model are one identity",
  },
  {
    name: "who knows the secret shows no credentials",
    known: "resume skips auth",
    patches: [
      {
        file: `${server}/connection-acceptor.ts`,
        find: "const identity = await this.#identify(hello, info);",
        replace: "const identity = claim === undefined ? await this.#identify(hello, info) : undefined;",
      },
      {
        file: `${server}/kept-sessions.ts`,
        find: "      kept.owner !== ownerOf(identity) ||\n",
        replace: "",
      },
    ],
    tests: ["tests/sessions.test.ts", "packages/server/test/reauthenticate.test.ts"],
    why: "Credentials that were revoked would go on being good.",
    unmodelled: "all peers of a model are one identity",
  },
  {
    name: "the former secret is forgotten at once",
    known: "previous token dropped too early",
    patches: [
      {
        file: `${server}/kept-sessions.ts`,
        find: "    kept.formerSecret = claim.secret;\n",
        replace: "    kept.formerSecret = undefined;\n",
      },
    ],
    tests: ["tests/sessions.test.ts"],
    why: "A WELCOME that is lost would cost its client the session.",
  },
  {
    name: "the former secret stays good",
    patches: [
      {
        file: `${server}/kept-sessions.ts`,
        find: "      confirmed: () => {\n        kept.formerSecret = undefined;\n      },\n",
        replace: "      confirmed: () => {},\n",
      },
    ],
    tests: ["tests/sessions.test.ts"],
    why: "Who has read an old secret would find the session.",
  },
  {
    name: "the same attempt finds the session twice",
    patches: [
      {
        file: `${server}/kept-sessions.ts`,
        find: "if (claim.attempt <= kept.attempt) {",
        replace: "if (claim.attempt < kept.attempt) {",
      },
    ],
    tests: ["packages/server/test/kept-sessions.test.ts"],
    why: "A HELLO that was delayed would take the session from the link that has it.",
  },
  {
    name: "the session that is given up is another identity's",
    known: "LRU evicts foreign principal",
    patches: [
      {
        file: `${server}/kept-sessions.ts`,
        find: "    const [longest] = own;\n",
        replace: "    const [longest] = this.#waiting.values().next().value ?? own;\n",
      },
    ],
    tests: ["tests/sessions.test.ts"],
    why: "One identity with many lost links would end the sessions of all others.",
    unmodelled: "all peers of a model are one identity",
  },
  {
    name: "an identity keeps one session less than it may",
    patches: [
      {
        file: `${server}/kept-sessions.ts`,
        find: "own.size <= mostOwn) return;",
        replace: "own.size < mostOwn) return;",
      },
    ],
    tests: ["tests/sessions.test.ts"],
    why: "A bound that says 1 would be 0.",
    unmodelled: "all peers of a model are one identity",
  },
  {
    name: "a server that drains lets new peers in",
    known: "drain admits opens",
    patches: [
      {
        file: `${server}/server.ts`,
        find: '    if (this.#state === "serving") return undefined;\n    return new SluiceError("UNAVAILABLE", "The server is shutting down"',
        replace:
          '    if (this.#state !== "disposed") return undefined;\n    return new SluiceError("UNAVAILABLE", "The server is shutting down"',
      },
    ],
    tests: ["packages/server/test/server-drain.test.ts", "tests/drain.test.ts"],
    why: "Clients would connect to a server that ends under them.",
  },
];
