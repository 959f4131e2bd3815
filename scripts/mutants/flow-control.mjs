/**
 * Mutants of windows, budgets and what is kept for a peer: docs/wire.md §2, §4.1, §4.2, §4.11.
 */

/** @typedef {import("./mutant.mjs").Mutant} Mutant */

const session = "packages/protocol/src/session";
const test = "packages/protocol/test/session";

/** @type {readonly Mutant[]} */
export const flowControl = [
  {
    name: "credit is granted when an item arrives",
    known: "grant on receive",
    patches: [
      {
        file: `${session}/inbox.ts`,
        find: "    this.#ring.push(item, end);\n",
        replace: "    this.#ring.push(item, end);\n    this.#take(end);\n",
      },
    ],
    tests: [`${test}/inbox.test.ts`, `${test}/session-credit.test.ts`],
    why: "A reader that stops would not stop its writer: memory grows without end.",
  },
  {
    name: "a call that is over keeps the memory that was lent to it",
    known: "forget conn-credit on reset",
    patches: [
      {
        file: `${session}/credit-window.ts`,
        find: "    this.#budget.giveBack(this.#lent);\n",
        replace: "",
      },
    ],
    tests: [`${test}/credit-window.test.ts`, `${test}/session-credit.test.ts`],
    why: "After enough cancelled calls every new one has the smallest window.",
  },
  {
    name: "a call that is over keeps its reservation",
    patches: [
      {
        file: `${session}/credit-window.ts`,
        find: "    this.#endReservation();\n    this.#budget.giveBack",
        replace: "    this.#budget.giveBack",
      },
    ],
    tests: [`${test}/credit-window.test.ts`],
    why: "Large messages of later calls would wait for ever.",
  },
  {
    name: "a call that is over still waits for a reservation",
    patches: [
      {
        file: `${session}/credit-window.ts`,
        find: "    if (this.#claimed > 0) this.#budget.withdraw(this);\n",
        replace: "",
      },
    ],
    tests: [`${test}/credit-window.test.ts`],
    why: "Memory would be reserved for a call that nobody gives it back for.",
    unmodelled: "it takes more large messages at once than fit the calls of a model",
  },
  {
    name: "a repeat that ends exactly at what has arrived is a fault",
    known: "dedup off by one (`<` vs `<=`)",
    patches: [
      {
        file: `${session}/credit-window.ts`,
        find: "if (to <= this.received) return false;",
        replace: "if (to < this.received) return false;",
      },
    ],
    tests: [`${test}/credit-window.test.ts`, `${test}/session-resume.test.ts`],
    why: "The usual repeat after a lost link would end the session.",
    unmodelled: "our peers send again exactly from where the other has received",
  },
  {
    name: "data that fills the window to its last byte is a fault",
    known: "limit `>=`/`>`",
    patches: [
      {
        file: `${session}/credit-window.ts`,
        find: "if (to > this.limit + beyond) {",
        replace: "if (to >= this.limit + beyond) {",
      },
    ],
    tests: [`${test}/credit-window.test.ts`, `${test}/session-credit.test.ts`],
    why: "A writer that uses all that it was granted would lose its session.",
  },
  {
    name: "data one byte beyond the window is taken",
    patches: [
      {
        file: `${session}/credit-window.ts`,
        find: "if (to > this.limit + beyond) {",
        replace: "if (to > this.limit + beyond + 1) {",
      },
    ],
    tests: [`${test}/credit-window.test.ts`],
    why: "A window that is not exact is none.",
    unmodelled: "none of our peers does that",
  },
  {
    name: "a message counts as received when its first piece is here",
    known: "ack before enqueue",
    patches: [
      {
        file: `${session}/intake.ts`,
        find: "    const { received, limit } = this.window;\n",
        replace:
          "    const { limit } = this.window;\n    const received = this.arrivals.unfinishedEnd ?? this.window.received;\n",
      },
    ],
    tests: [`${test}/session-credit.test.ts`, `${test}/session-resume-model.test.ts`],
    why: "What the sender has let go cannot be sent again: it is lost with the link.",
  },
  {
    name: "a full window drops what is written",
    known: "replay buffer drops instead of blocks",
    patches: [
      {
        file: `${session}/outbox.ts`,
        find: "    } else {\n      this.#measure(message);\n      budget.keep(",
        replace:
          "    } else {\n      if (!this.#mayWrite) return true;\n      this.#measure(message);\n      budget.keep(",
      },
    ],
    tests: [`${test}/outbox.test.ts`],
    why: "Items would be lost while a link is down and its window is full.",
  },
  {
    name: "a full window makes no writer wait",
    known: "replay buffer drops instead of blocks",
    patches: [
      {
        file: `${session}/outbox.ts`,
        find: "    return this.#mayWrite && !budget.isFull;\n",
        replace: "    return true;\n",
      },
    ],
    tests: [`${test}/outbox.test.ts`],
    why: "A fast writer would fill its own memory.",
  },
  {
    name: "a limit goes back",
    patches: [
      {
        file: `${session}/credit-window.ts`,
        find: "if (limit > this.limit) this.limit = limit;",
        replace: "this.limit = limit;",
      },
    ],
    tests: [`${test}/credit-window.test.ts`],
    why: "A late CREDIT would stop a writer that may go on.",
    unmodelled: "none of our peers says less than it has said",
  },
  {
    name: "a CREDIT may say that more was received than was sent",
    patches: [
      {
        file: `${session}/credit-window.ts`,
        find: "  if (received > sent) {\n",
        replace: "  if (received > sent + 1) {\n",
      },
    ],
    tests: [`${test}/credit-window.test.ts`],
    why: "A hostile peer would make this side forget what it has not sent.",
    unmodelled: "none of our peers does that",
  },
  {
    name: "a CREDIT may grant any amount",
    patches: [
      {
        file: `${session}/credit-window.ts`,
        find: "  if (limit > received + maxGrantAhead) {\n",
        replace: "  if (limit > received + maxGrantAhead + 1) {\n",
      },
    ],
    tests: [`${test}/credit-window.test.ts`],
    why: "A hostile peer would make this side keep any amount.",
    unmodelled: "none of our peers does that",
  },
  {
    name: "what was granted and not received counts as received",
    patches: [
      {
        file: `${session}/outbox.ts`,
        find: "const freed = this.#kept.arrived(received,",
        replace: "const freed = this.#kept.arrived(limit,",
      },
    ],
    tests: [`${test}/outbox.test.ts`, `${test}/session-resume.test.ts`],
    why: "Messages on their way would be gone with the link.",
  },
  {
    name: "END is not said again over the next link",
    patches: [
      {
        file: `${session}/outbox.ts`,
        find: "    this.#kept.rewind(from, this.end);\n    this.#end.restart();\n",
        replace: "    this.#kept.rewind(from, this.end);\n",
      },
    ],
    tests: [`${test}/outbox.test.ts`, `${test}/session-resume.test.ts`],
    why: "A handler that reads to the end would wait for ever after a lost link.",
  },
  {
    name: "a new link goes on where the old one stopped",
    patches: [
      {
        file: `${session}/outbox.ts`,
        find: "    this.sent = from;\n    this.#kept.rewind(from, this.end);\n",
        replace: "    this.sent = from;\n",
      },
    ],
    tests: [`${test}/outbox.test.ts`, `${test}/session-resume.test.ts`],
    why: "What the old link has lost would stay lost.",
  },
  {
    name: "a later claim overtakes those that wait",
    patches: [
      {
        file: `${session}/memory-budget.ts`,
        find: "if (this.#waiting.length === 0 && bytes <= this.#reservable) {",
        replace: "if (bytes <= this.#reservable) {",
      },
    ],
    tests: [`${test}/memory-budget.test.ts`],
    why: "The largest message would starve among smaller ones.",
    unmodelled: "it takes more large messages at once than fit the calls of a model",
  },
  {
    name: "more is lent than there is",
    patches: [
      {
        file: `${session}/memory-budget.ts`,
        find: "Math.max(0, Math.min(bytes, this.#lendable))",
        replace: "Math.max(0, bytes)",
      },
    ],
    tests: [`${test}/memory-budget.test.ts`],
    why: "A peer with many calls would make this side buffer more than `maxBuffered`.",
    unmodelled: "the windows of three calls hardly ever grow at once",
  },
  {
    name: "every item that is taken grants credit of its own",
    patches: [
      {
        file: `${session}/credit-window.ts`,
        find: "return 2 * step >= this.size || (",
        replace: "return step > 0 || (",
      },
    ],
    tests: [`${test}/credit-steps.test.ts`],
    why: "A CREDIT for each item doubles the frames of a stream.",
  },
  {
    name: "who leaves the round comes back without what it overdrew",
    patches: [
      {
        file: `${session}/turns.ts`,
        find: "taker.turnCredit = Math.min(0, taker.turnCredit);",
        replace: "taker.turnCredit = 0;",
      },
    ],
    tests: [`${test}/turns.test.ts`],
    why: "A call that sends large messages one by one would get more than its share.",
    unmodelled: "shares of calls are not measured",
  },
];
