/**
 * Mutants of what goes on over several links, and of what must be over: docs/wire.md §4.7, §4.8, §4.10, §4.15.
 */

/** @typedef {import("./mutant.mjs").Mutant} Mutant */

const session = "packages/protocol/src/session";
const test = "packages/protocol/test/session";

/** @type {readonly Mutant[]} */
export const sessions = [
  {
    name: "a call under another peer's key is taken",
    known: "no epoch check",
    patches: [
      {
        file: `${session}/incoming-calls.ts`,
        find: "return originHigh === this.#originHigh && originLow === this.#originLow && !routed;",
        replace: "return !routed;",
      },
    ],
    tests: [
      `${test}/session-calls.test.ts`,
      `${test}/session-limits.test.ts`,
      `${test}/session-resume.test.ts`,
    ],
    why: "A peer could take over the calls of another.",
    unmodelled: "none of our peers does that",
  },
  {
    name: "only the answer to a PING is a sign of life",
    known: "heartbeat only counts heartbeats",
    patches: [
      {
        file: `${session}/session-link.ts`,
        find: "  arrived(): void {\n    this.#heartbeat?.arrived();\n  }\n",
        replace: "  arrived(): void {}\n",
      },
      {
        file: `${session}/session-link.ts`,
        find: "    if (frame.answer) return this.#pings.answered(frame.nonce);\n",
        replace:
          "    if (frame.answer) {\n      this.#heartbeat?.arrived();\n      return this.#pings.answered(frame.nonce);\n    }\n",
      },
    ],
    tests: [`${test}/signs-of-life.test.ts`],
    why: "A slow line full of data, behind which the answer waits, would be given up.",
    unmodelled: "no line of a model is slow",
  },
  {
    name: "a process that was stopped judges before it has read",
    patches: [
      {
        file: `${session}/heartbeat.ts`,
        find: "const isDoubtful = lateMs > 0 && !this.#isDoubting;",
        replace: "const isDoubtful = false;",
      },
    ],
    tests: [`${test}/heartbeat.test.ts`, `${test}/stall-watch.test.ts`],
    why: "Every link would be lost when a process computes for longer than `deadAfter`.",
    unmodelled: "no process of a model is stopped",
  },
  {
    name: "the grace goes on after the session has ended",
    known: "timer not cleared on close",
    patches: [
      {
        file: `${session}/session.ts`,
        find: "    this.#stage.close(error);\n    this.#grace?.cancel();\n",
        replace: "    this.#stage.close(error);\n",
      },
    ],
    tests: [`${test}/session-resume.test.ts`, `${test}/session-end.test.ts`],
    why: "A process would live on for the grace, and hold the session's memory.",
  },
  {
    name: "a link that is over is still watched",
    known: "timer not cleared on close",
    patches: [
      {
        file: `${session}/heartbeat.ts`,
        find: "    this.#isStopped = true;\n    this.#timer?.cancel();\n",
        replace: "    this.#isStopped = true;\n",
      },
    ],
    tests: [`${test}/heartbeat.test.ts`],
    why: "A timer for each link that ever was.",
  },
  {
    name: "owed ends keep their timer",
    known: "timer not cleared on close",
    patches: [
      {
        file: `${session}/done-notices.ts`,
        find: "  dispose(): void {\n    this.#timer?.cancel();\n",
        replace: "  dispose(): void {\n",
      },
    ],
    tests: [`${test}/done-notices.test.ts`],
    why: "A timer outlives its session.",
    unmodelled: "nothing is owed any more when a model ends",
  },
  {
    name: "what a former link still brings is heard",
    known: "no epoch check",
    patches: [
      {
        file: `${session}/session-link.ts`,
        find: "    link.receive({ ...silence, closed: () => linger.cancel() });\n",
        replace: "    linger.cancel();\n",
      },
    ],
    tests: [`${test}/session-resume.test.ts`],
    why: "Late frames of a superseded link would be read as those of the new one.",
  },
  {
    name: "a session that is taken over is over",
    patches: [
      {
        file: `${session}/session.ts`,
        find: 'const endsLinkOnly = frame.code === "SESSION_TAKEN_OVER" || frame.code === "HANDSHAKE_TIMEOUT";',
        replace: 'const endsLinkOnly = frame.code === "HANDSHAKE_TIMEOUT";',
      },
    ],
    tests: [`${test}/signs-of-life.test.ts`],
    why: "A client that was quicker than its server's notice of the loss would lose its calls.",
  },
  {
    name: "a drain ends before it was heard of",
    patches: [{ file: `${session}/drain-notice.ts`, find: "      await heard;\n", replace: "" }],
    tests: [`${test}/drain-crossing.test.ts`],
    why: "A call on its way to a server where nothing goes on would be lost, and nobody could tell whether it ran.",
  },
  {
    name: "who is let in as a drain begins does not hear of it",
    patches: [
      {
        file: "packages/server/src/connection-table.ts",
        find: "  welcome(connection: LiveConnection): void {\n    this.#connections.add(connection);\n  }\n",
        replace: "  welcome(_connection: LiveConnection): void {}\n",
      },
      {
        file: "packages/server/src/connection-table.ts",
        find: "    const { kept } = this.#options;\n    const lost",
        replace:
          "    const { kept } = this.#options;\n    this.#connections.add(connection);\n    if (this.#isLeaving) connection.close(leaving);\n    const lost",
      },
    ],
    tests: ["packages/server/test/server-drain.test.ts"],
    why: "Its first call would be lost, and nobody could tell whether it ran.",
  },
  {
    name: "a call that waits for its turn is sent after a DRAIN",
    patches: [
      {
        file: `${session}/session-calls.ts`,
        find: "if (call instanceof OutgoingCall && call.neverLeft) call.lost(error);",
        replace: "if (call === undefined) call.lost(error);",
      },
    ],
    tests: [`${test}/drain-crossing.test.ts`],
    why: "It would reach a server that is gone, and nobody could tell whether it ran.",
    unmodelled: "no line of a model is slow",
  },
  {
    name: "DRAIN is not said again over the next link",
    patches: [
      {
        file: `${session}/session.ts`,
        find: "    this.#sayDrain();\n    this.#calls.attach();\n",
        replace: "    this.#calls.attach();\n",
      },
    ],
    tests: [`${test}/session-resume.test.ts`, "packages/server/test/server-drain.test.ts"],
    why: "A client that comes back during a shutdown would call on, and be refused each time.",
    unmodelled: "a DRAIN is hardly ever lost with its link while a call goes on",
  },
  {
    name: "a side that drains takes calls",
    known: "drain admits opens",
    patches: [
      {
        file: `${session}/incoming-calls.ts`,
        find: "    if (this.#isRefusing) return refusal(",
        replace: "    if (this.#isRefusing && this.#running === 0) return refusal(",
      },
    ],
    tests: [`${test}/drain-crossing.test.ts`],
    why: "A shutdown would never end under load.",
    unmodelled: "a call hardly ever crosses a DRAIN while another runs; when one does, it is found",
  },
  {
    name: "the number of the last call counts as new",
    known: "GOAWAY last id off by one",
    patches: [
      {
        file: `${session}/replay-window.ts`,
        find: "    if (number > this.#highest) return false;\n",
        replace: "    if (number >= this.#highest) return false;\n",
      },
    ],
    tests: [`${test}/replay-window.test.ts`, `${test}/session-resume.test.ts`],
    why: "The newest call would run twice when its OPEN comes again.",
    unmodelled: "none of our peers opens again what is over for it",
  },
  {
    name: "one call too few counts as open when the rest is over",
    known: "GOAWAY last id off by one",
    patches: [
      {
        file: `${session}/outgoing-calls.ts`,
        find: "if (this.#reopening === undefined || this.#reopening.size > 0) return;",
        replace: "if (this.#reopening === undefined || this.#reopening.size > 1) return;",
      },
    ],
    tests: [`${test}/session-resume.test.ts`, `${test}/session-resume-model.test.ts`],
    why: "The last call that goes on would be cancelled by its own peer.",
  },
  {
    name: "the last call id of a link is never used",
    patches: [
      {
        file: `${session}/call-table.ts`,
        find: "    return this.#nextOwn <= this.#highestOwn;\n",
        replace: "    return this.#nextOwn < this.#highestOwn;\n",
      },
    ],
    tests: [`${test}/call-table.test.ts`, `${test}/session-end.test.ts`, `${test}/session-calls.test.ts`],
    why: "A bound that is off by one.",
    unmodelled: "it takes all ids of a link",
  },
  {
    name: "a call that was answered is opened again as a new one",
    patches: [
      {
        file: `${session}/opening.ts`,
        find: "const isAnswered = this.#isAnswered || received > 0;",
        replace: "const isAnswered = false;",
      },
    ],
    tests: [`${test}/session-resume.test.ts`, `${test}/session-resume-model.test.ts`],
    why: "What the callee has let go would be asked for again.",
  },
  {
    name: "a call goes on from within a message's overhead",
    patches: [
      {
        file: `${session}/kept-messages.ts`,
        find: "if (offset === start || (next !== undefined && offset >= start + messageOverhead)) return;",
        replace: "if (offset >= start) return;",
      },
    ],
    tests: [`${test}/kept-messages.test.ts`, "tests/sessions.test.ts"],
    why: "A peer that says so would get memory that nobody has written, or end the process.",
    unmodelled: "none of our peers says so",
  },
  {
    name: "a fault while a carrier has room again is nobody's",
    patches: [
      {
        file: `${session}/session.ts`,
        find: "    try {\n      this.#link.pump();\n    } catch (reason) {\n      this.close(asSessionEnd(reason));\n    }\n",
        replace: "    this.#link.pump();\n",
      },
    ],
    tests: [`${test}/session-end.test.ts`],
    why: "What goes wrong with one peer would end the process, and all its other peers with it.",
    unmodelled: "nothing of ours goes wrong there",
  },
  {
    name: "what a peer takes back is sent from freed memory",
    patches: [
      {
        file: `${session}/outbox.ts`,
        find: "    const from = this.window.received;\n",
        replace: "    const from = received;\n",
      },
    ],
    tests: [`${test}/outbox-counts.test.ts`],
    why: "A peer that resumes a call at less than it had confirmed would read what nobody has written, or end the session with a fault of this side.",
    unmodelled: "none of our peers takes back what it has confirmed",
  },
  {
    name: "a call that comes back and finds no room stays held",
    patches: [
      {
        file: `${session}/outbox.ts`,
        find: "    this.window.limit = 0;\n    this.#isHeld = false;\n",
        replace: "    this.window.limit = 0;\n",
      },
    ],
    tests: [`${test}/refused-after-resume.test.ts`],
    why: "Its items, and their end, would never leave: the call hangs.",
  },
];
