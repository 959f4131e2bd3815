/**
 * Mutants of a call's life: slots, deadlines, ends, what is known of a failure, and repetition. docs/wire.md §4.3–§4.6, §4.13, §6.
 */

/** @typedef {import("./mutant.mjs").Mutant} Mutant */

const session = "packages/protocol/src/session";
const call = "packages/protocol/src/call";
const test = "packages/protocol/test/session";

/** @type {readonly Mutant[]} */
export const calls = [
  {
    name: "a cancel frees the slot of a handler that runs",
    known: "release slot at cancel",
    patches: [
      {
        file: `${session}/incoming-call.ts`,
        find: "    // The slot is held until the handler settles; memory is not.\n",
        replace: "    this.slot.free();\n",
      },
    ],
    tests: [`${test}/incoming-call.test.ts`, `${test}/session-limits.test.ts`],
    why: "A peer that opens and cancels would start any number of handlers.",
  },
  {
    name: "a deadline travels as a moment",
    known: "deadline sent absolute",
    patches: [
      {
        file: `${session}/opening.ts`,
        find: "Math.max(1, Math.ceil(remainingMs));",
        replace: "Math.max(1, Math.ceil(this.#host.clock.now() + remainingMs));",
      },
    ],
    tests: [
      `${test}/session-calls.test.ts`,
      `${test}/session-cancel.test.ts`,
      `${test}/outgoing-call.test.ts`,
    ],
    why: "Two clocks that differ would disagree on when a call is over.",
  },
  {
    name: "a call that has ended well keeps its deadline",
    known: "timer not cleared on close",
    patches: [
      {
        file: `${session}/outgoing-call.ts`,
        find: "    this.#opening.discard();\n    this.#deadline?.cancel();\n",
        replace: "    this.#opening.discard();\n",
      },
    ],
    tests: [`${test}/signs-of-life.test.ts`],
    why: "A timer, and the call that it holds, for each call until its deadline.",
  },
  {
    name: "for a caller a lost link is the end of the items",
    known: "END inferred from FIN",
    patches: [
      {
        file: `${session}/outgoing-call.ts`,
        find: '  lost(error: SluiceError): void {\n    if (this.state === "over") return;\n',
        replace:
          '  lost(error: SluiceError): void {\n    if (this.state === "over") return;\n    this.inbox?.end();\n',
      },
    ],
    tests: [`${test}/session-end.test.ts`, "tests/disconnect.test.ts"],
    why: "A reader would take half a stream for all of it.",
  },
  {
    name: "for a handler a lost caller is the end of the items",
    known: "END inferred from FIN",
    patches: [
      {
        file: `${session}/incoming-call.ts`,
        find: "    this.data.intake?.abandon(error);\n",
        replace: "    this.inbox?.end();\n    this.data.intake?.abandon(error);\n",
      },
    ],
    tests: [`${test}/session-end.test.ts`, `${test}/incoming-call.test.ts`, "tests/disconnect.test.ts"],
    why: "A handler would store half an upload as all of it.",
  },
  {
    name: "a call that may have run says that it has not",
    patches: [
      {
        file: `${session}/outgoing-call.ts`,
        find: '    const processed = this.neverLeft ? "no" : "maybe";\n    if (this.state === "queued"',
        replace: '    const processed = "no";\n    if (this.state === "queued"',
      },
    ],
    tests: [`${test}/session-end.test.ts`],
    why: "Whoever calls again would run it twice.",
  },
  {
    name: "a call that is over and known says that it has not run",
    patches: [
      {
        file: `${session}/incoming-calls.ts`,
        // biome-ignore lint/suspicious/noTemplateCurlyInString: source text
        find: 'return refusal("UNAVAILABLE", `number ${number} is over`, { processed: "maybe" });',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: source text
        replace: 'return refusal("UNAVAILABLE", `number ${number} is over`, { processed: "no" });',
      },
    ],
    tests: [
      `${test}/session-resume.test.ts`,
      `${test}/session-calls.test.ts`,
      `${test}/session-limits.test.ts`,
    ],
    why: "Whoever calls again would run it twice.",
    unmodelled: "none of our peers opens again what is over for it",
  },
  {
    name: "what may not be repeated is repeated",
    patches: [
      {
        file: `${call}/call-attempts.ts`,
        find: 'return processed === "no" || this.#isIdempotent;',
        replace: "return true;",
      },
    ],
    tests: [
      "packages/protocol/test/call/call-attempts.test.ts",
      "packages/client/test/client-retries.test.ts",
    ],
    why: "An order would be placed twice.",
  },
  {
    name: "a repeated call fails with what is known of its last attempt only",
    patches: [
      {
        file: `${call}/call-attempts.ts`,
        find: 'if (this.#failures?.processed !== "maybe" || error.processed === "maybe") {',
        replace: "if (error.processed !== undefined) {",
      },
    ],
    tests: [
      "packages/protocol/test/call/call-attempts.test.ts",
      "packages/client/test/client-retries.test.ts",
    ],
    why: 'It would say "no" although an earlier attempt may have run.',
    unmodelled: "an attempt that may have run is hardly ever followed by a last one that is refused",
  },
  {
    name: "repetitions cost nothing",
    patches: [
      {
        file: `${call}/call-attempts.ts`,
        find: "    return retries.pay() ? pauseMs : undefined;\n",
        replace: "    return pauseMs;\n",
      },
    ],
    tests: [
      "packages/protocol/test/call/call-attempts.test.ts",
      "packages/client/test/client-retries.test.ts",
    ],
    why: "All clients of a server in trouble would make it worse.",
    unmodelled: "the clients of a model repeat without a budget",
  },
  {
    name: "a caller learns what a handler threw",
    patches: [
      {
        file: `${call}/wire-error.ts`,
        // biome-ignore lint/suspicious/noTemplateCurlyInString: source text
        find: "`The handler failed (reference ${reference})`",
        // biome-ignore lint/suspicious/noTemplateCurlyInString: source text
        replace: "`The handler failed (reference ${reference}): ${String(reason)}`",
      },
    ],
    tests: ["tests/errors.test.ts", "packages/server/test/server-handlers.test.ts"],
    why: "Paths, queries and data of others would reach a peer.",
    unmodelled: "texts of errors are not looked at",
  },
  {
    name: "calls that are refused cost their caller nothing",
    patches: [
      {
        file: `${session}/refusals.ts`,
        find: "    if (isAbuse) this.#host.abused();\n",
        replace: "",
      },
    ],
    tests: [`${test}/session-limits.test.ts`],
    why: "A peer could guess names, and open over its limits, as fast as it likes.",
    unmodelled: "rates of abuse are out of reach in a model",
  },
  {
    name: "an abort by the caller costs nothing",
    patches: [
      {
        file: `${session}/incoming-call.ts`,
        find: '      this.#giveUp(frame.reason === "DEADLINE_EXCEEDED" ? "deadline" : "cancelled");\n      this.#host.abused();\n',
        replace: '      this.#giveUp(frame.reason === "DEADLINE_EXCEEDED" ? "deadline" : "cancelled");\n',
      },
    ],
    tests: [`${test}/session-limits.test.ts`, `${test}/incoming-call.test.ts`],
    why: "Rapid reset: a peer starts handlers and aborts them, faster than any limit counts.",
    unmodelled: "rates of abuse are out of reach in a model",
  },
  {
    name: "what waits to be sent is sent after a stop",
    patches: [
      {
        file: `${session}/incoming-call.ts`,
        find: '  #stop(): void {\n    this.#reply.dropUnsent("goes on");\n',
        replace: "  #stop(): void {\n",
      },
    ],
    tests: [`${test}/incoming-call.test.ts`, `${test}/session-cancel.test.ts`],
    why: "Who has read enough would go on paying for what nobody reads.",
  },
  {
    name: "items that are dropped behind their end leave a clean end",
    known: "END inferred from FIN",
    patches: [
      {
        file: `${session}/inbox.ts`,
        find: '    if (this.#state === "ended" && this.length > 0) this.#state = "open";\n',
        replace: "",
      },
    ],
    tests: [`${test}/abandoned-items.test.ts`],
    why: "A handler whose caller has left would store part of an upload as all of it.",
  },
];
