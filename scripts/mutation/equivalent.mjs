/**
 * Mutants of credit and resume machines that no test can find, and why: what they do is what the code does.
 */

/**
 * A mutant is named by the text of its line, what stands there, and what stands there instead; `machine` is the name of its machine.
 *
 * @typedef {object} EquivalentMutant
 * @property {string} machine
 * @property {string} line without the space around it
 * @property {string} from in one line
 * @property {string} to in one line
 * @property {number} [times] how often the machine has that line. Default 1
 * @property {string} why for each of them
 */

/** @type {readonly EquivalentMutant[]} */
export const equivalentMutants = [
  {
    machine: "credit-window",
    line: "if (received > this.received) this.received = received;",
    from: "received > this.received",
    to: "received >= this.received",
    why: "What is assigned is there already.",
  },
  {
    machine: "credit-window",
    line: "if (limit > this.limit) this.limit = limit;",
    from: "limit > this.limit",
    to: "limit >= this.limit",
    why: "What is assigned is there already.",
  },
  {
    machine: "credit-window",
    line: "#isClosed = false;",
    from: "false",
    to: "true",
    why: "`open()` comes before all else, and sets it.",
  },
  {
    machine: "credit-window",
    line: "this.#quietUntil = this.limit - Math.ceil(this.size / 2);",
    from: "this.size / 2",
    to: "this.size * 2",
    times: 2,
    why: "It only says when the short way is taken, which does what the long one would: below half a window nothing is raised.",
  },
  {
    machine: "credit-window",
    line: "if (offset >= this.#quietUntil || offset >= this.received) return this.#takeAndRaise(offset);",
    from: "offset >= this.#quietUntil || offset >= this.received",
    to: "true",
    why: "The short way that is left out does what the long one does: below half a window nothing is raised.",
  },
  {
    machine: "credit-window",
    line: "if (offset > this.taken) this.taken = offset;",
    from: "offset > this.taken",
    to: "offset >= this.taken",
    times: 2,
    why: "What is assigned is there already.",
  },
  {
    machine: "credit-window",
    line: "if (this.#reserved > 0 && this.isEmpty) this.#endReservation();",
    from: "this.#reserved > 0",
    to: "true",
    why: "Without a reservation none is ended: 0 bytes are released.",
  },
  {
    machine: "credit-window",
    line: "if (this.#reserved > 0 && this.isEmpty) this.#endReservation();",
    from: "this.#reserved > 0",
    to: "this.#reserved >= 0",
    why: "Without a reservation none is ended: 0 bytes are released.",
  },
  {
    machine: "credit-window",
    line: "if ((this.hasWaited || this.isEmpty) && now - this.#raisedAt < fastMs && size < maxWindow) {",
    from: "size < maxWindow",
    to: "true",
    why: "A window as wide as it may be borrows the rest, which is 0 or less: nothing is lent.",
  },
  {
    machine: "credit-window",
    line: "if ((this.hasWaited || this.isEmpty) && now - this.#raisedAt < fastMs && size < maxWindow) {",
    from: "size < maxWindow",
    to: "size <= maxWindow",
    why: "A window as wide as it may be borrows the rest, which is 0 or less: nothing is lent.",
  },
  {
    machine: "credit-window",
    line: "this.#onGranted?.();",
    from: "this.#onGranted?.()",
    to: "this.#onGranted()",
    why: "Only who has asked is granted something, and asking sets it.",
  },
  {
    machine: "credit-window",
    line: "if (this.#claimed > 0) this.#budget.withdraw(this);",
    from: "this.#claimed > 0",
    to: "true",
    why: "Who waits for nothing is not found among those who wait.",
  },
  {
    machine: "credit-window",
    line: "if (this.#claimed > 0) this.#budget.withdraw(this);",
    from: "this.#claimed > 0",
    to: "this.#claimed >= 0",
    why: "Who waits for nothing is not found among those who wait.",
  },
  {
    machine: "credit-window",
    line: "return 2 * step >= this.size || (step > 0 && this.isEmpty && this.limit - this.received < minPiece);",
    from: "step > 0",
    to: "true",
    why: "With a step of 0 or less an empty window has its whole size left, and no window is smaller than a piece.",
  },
  {
    machine: "credit-window",
    line: "return 2 * step >= this.size || (step > 0 && this.isEmpty && this.limit - this.received < minPiece);",
    from: "step > 0",
    to: "step >= 0",
    why: "With a step of 0 or less an empty window has its whole size left, and no window is smaller than a piece.",
  },
  {
    machine: "credit-window",
    line: "if (bytes > 0) this.#budget.release(bytes);",
    from: "bytes > 0",
    to: "true",
    why: "To release 0 bytes makes room for nobody: who waits was served as soon as there was room.",
  },
  {
    machine: "credit-window",
    line: "if (bytes > 0) this.#budget.release(bytes);",
    from: "bytes > 0",
    to: "bytes >= 0",
    why: "To release 0 bytes makes room for nobody: who waits was served as soon as there was room.",
  },
  {
    machine: "send-budget",
    line: "if (bytes >= 0) return;",
    from: "bytes >= 0",
    to: "bytes > 0",
    why: "0 bytes that are taken back make no room, and who waits was told when there was.",
  },
  {
    machine: "kept-messages",
    line: "if (this.#messages.length === 0) this.#messages = [message];",
    from: "this.#messages.length === 0",
    to: "false",
    why: "The same messages, in an array with places for more.",
  },
  {
    machine: "kept-messages",
    line: "if (gap === undefined || received >= gap.end) return 0;",
    from: "received >= gap.end",
    to: "received > gap.end",
    why: "From there on the gap is 0 bytes.",
  },
  {
    machine: "kept-messages",
    line: "if (this.#first === this.#messages.length) {",
    from: "this.#first === this.#messages.length",
    to: "false",
    why: "An empty queue's places are cut off somewhat later, as those of one that is not empty.",
  },
  {
    machine: "kept-messages",
    line: "if (this.#first === this.#messages.length) {",
    from: "{ this.#messages.length = 0; this.#first = this.#next = 0; }",
    to: "{}",
    why: "An empty queue's places are cut off somewhat later, as those of one that is not empty.",
  },
  {
    machine: "kept-messages",
    line: "} else if (this.#first >= longestDead && 2 * this.#first >= this.#messages.length) {",
    from: "this.#first >= longestDead && 2 * this.#first >= this.#messages.length",
    to: "true",
    why: "The head is cut off sooner, which costs time only.",
  },
  {
    machine: "kept-messages",
    line: "} else if (this.#first >= longestDead && 2 * this.#first >= this.#messages.length) {",
    from: "this.#first >= longestDead && 2 * this.#first >= this.#messages.length",
    to: "this.#first >= longestDead || 2 * this.#first >= this.#messages.length",
    why: "The head is cut off sooner, which costs time only.",
  },
  {
    machine: "kept-messages",
    line: "} else if (this.#first >= longestDead && 2 * this.#first >= this.#messages.length) {",
    from: "this.#first >= longestDead",
    to: "true",
    why: "The head is cut off sooner, which costs time only.",
  },
  {
    machine: "kept-messages",
    line: "} else if (this.#first >= longestDead && 2 * this.#first >= this.#messages.length) {",
    from: "this.#first >= longestDead",
    to: "this.#first > longestDead",
    why: "The head is cut off one place later.",
  },
  {
    machine: "kept-messages",
    line: "} else if (this.#first >= longestDead && 2 * this.#first >= this.#messages.length) {",
    from: "2 * this.#first >= this.#messages.length",
    to: "true",
    why: "The head is cut off sooner, which costs time only.",
  },
  {
    machine: "kept-messages",
    line: "} else if (this.#first >= longestDead && 2 * this.#first >= this.#messages.length) {",
    from: "2 * this.#first >= this.#messages.length",
    to: "2 * this.#first > this.#messages.length",
    why: "The head is cut off one place later.",
  },
  {
    machine: "replay-window",
    line: "if (this.#used === undefined || number <= this.#highest - replayNumbers) return true;",
    from: "number <= this.#highest - replayNumbers",
    to: "number < this.#highest - replayNumbers",
    why: "The number that lies a window below the highest has the bit of the highest, which is used.",
  },
  {
    machine: "replay-window",
    line: "if (number <= this.#highest - replayNumbers) return;",
    from: "number <= this.#highest - replayNumbers",
    to: "number < this.#highest - replayNumbers",
    why: "The number that lies a window below the highest has the bit of the highest, which is set already.",
  },
  {
    machine: "replay-window",
    line: "if (number <= this.#highest) return;",
    from: "number <= this.#highest",
    to: "number < this.#highest",
    why: "A window that ends there already moves by nothing.",
  },
  {
    machine: "replay-window",
    line: "if (number - this.#highest >= replayNumbers) used.fill(0);",
    from: "number - this.#highest >= replayNumbers",
    to: "number - this.#highest > replayNumbers",
    why: "A jump of exactly a window clears one by one all bits but that of the new number, which is set next.",
  },
  {
    machine: "replay-window",
    line: "for (let skipped = this.#highest + 1; skipped < number; skipped++) {",
    from: "skipped < number",
    to: "skipped <= number",
    why: "The bit of the number itself is set next.",
  },
  {
    machine: "outbox",
    line: "else if (message.length < 0) message.length = this.#context.utf8.byteLength(body);",
    from: "message.length < 0",
    to: "message.length <= 0",
    why: "An empty text that was measured is measured again, and has 0 bytes again.",
  },
  {
    machine: "outbox",
    line: "if (changed) {",
    from: "changed",
    to: "true",
    why: "A CREDIT that changes nothing frees nothing and lets nobody go on: what it says was said before.",
  },
  {
    machine: "outbox",
    line: "if (freed > 0) this.#context.budget.free(freed);",
    from: "freed > 0",
    to: "true",
    why: "To free 0 bytes makes room for nobody: who waits was told as soon as there was room.",
  },
  {
    machine: "outbox",
    line: "if (freed > 0) this.#context.budget.free(freed);",
    from: "freed > 0",
    to: "freed >= 0",
    why: "To free 0 bytes makes room for nobody: who waits was told as soon as there was room.",
  },
  {
    machine: "outbox",
    line: "if (spent > 0) this.#waiters?.wake();",
    from: "spent > 0",
    to: "true",
    why: "Who waits is woken by what lets them go on, and a turn that sends no bytes lets nobody.",
  },
  {
    machine: "outbox",
    line: "if (spent > 0) this.#waiters?.wake();",
    from: "spent > 0",
    to: "spent >= 0",
    why: "Who waits is woken by what lets them go on, and a turn that sends no bytes lets nobody.",
  },
];
