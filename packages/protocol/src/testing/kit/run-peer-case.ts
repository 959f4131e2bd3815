/**
 * Runs the steps of one case between our raw end and a peer under test.
 */
import { systemClock } from "../../clock.ts";
import { encodeRaw, rawFrames } from "../raw/encode-raw.ts";
import { rawInteger, rawJoin } from "../raw/raw-bytes.ts";
import { type RawFrame, rawType } from "../raw/raw-frame.ts";
import type { RawPeer } from "../raw/raw-peer.ts";
import { fieldsOf, frameOf, typeName, typeOf } from "./frame-fields.ts";
import { FrameInbox } from "./frame-inbox.ts";
import { mismatches, show } from "./match-pattern.ts";
import { pourMessages, takeMessages } from "./message-flow.ts";
import type { CaseStep, FrameFields, Pattern, PeerCommand } from "./peer-case.ts";

/** What a peer's program answers to a command. */
export type PeerAnswer = Readonly<Record<string, unknown>>;

/** How long anything that a peer has to do may take, ms. */
const patienceMs = 3_000;

export class PeerCaseRun {
  readonly #deviations: string[] = [];
  readonly #raw: RawPeer;
  readonly #role: "acceptor" | "connector";
  readonly #ask: (command: PeerCommand) => Promise<PeerAnswer>;
  readonly #inbox: FrameInbox;
  readonly #answers = new Map<string, Promise<PeerAnswer>>();
  /** Windows of the OPENs that came, by call. */
  readonly #windows = new Map<number, number>();
  /** What the peer said in HELLO or WELCOME. */
  #greeting: PeerAnswer = {};
  readonly #dial: (() => Promise<RawPeer>) | undefined;
  /** What runs over the second link. */
  #beside: PeerCaseRun | undefined;

  /** `role` is the peer's. `dial` makes a second link to a peer that listens. */
  constructor(
    raw: RawPeer,
    role: "acceptor" | "connector",
    ask: (command: PeerCommand) => Promise<PeerAnswer>,
    dial?: () => Promise<RawPeer>,
  ) {
    this.#raw = raw;
    this.#role = role;
    this.#ask = ask;
    this.#dial = dial;
    this.#inbox = new FrameInbox(raw);
  }

  /** What is allowed, and should not be. */
  get deviations(): readonly string[] {
    return [...this.#deviations, ...(this.#beside?.deviations ?? [])];
  }

  /** The link, and the second one if there is one. */
  get links(): readonly RawPeer[] {
    return [this.#raw, ...(this.#beside?.links ?? [])];
  }

  /** An answer that is on its way, for a `told` step. */
  expectAnswer(name: string, answer: Promise<PeerAnswer>): void {
    answer.catch(() => {});
    this.#answers.set(name, answer);
  }

  /** Rejects with what is wrong. */
  async step(step: CaseStep): Promise<void> {
    if ("say" in step) return this.#say([step.say].flat() as FrameFields[], step.bytewise);
    if ("bytes" in step) return this.#raw.sendBytes(bytesOf(step.bytes));
    if ("greet" in step) return this.#greet(step.greet);
    if ("hear" in step) return this.#hear(step.hear, step.should);
    if ("take" in step) return this.#take(step);
    if ("pour" in step) return this.#pour(step);
    if ("quiet" in step) return this.#quiet(step.quiet, step.ms);
    if ("alive" in step) return this.#proveLife();
    if ("tell" in step) return this.#tell(step.tell, step.as, step.answer);
    if ("told" in step) return this.#told(step.told, step.answer);
    if ("ends" in step) return this.#ends(step.ends);
    if ("beside" in step) return this.#runBeside(step.beside);
    return this.#raw.destroy();
  }

  async #say(frames: readonly FrameFields[], bytewise: true | undefined): Promise<void> {
    const bytes = rawJoin(...frames.map((one) => encodeRaw(frameOf(one, this.#raw.epoch))));
    if (!bytewise) return this.#raw.sendBytes(bytes);
    for (const byte of bytes) {
      this.#raw.sendBytes(rawInteger(1, byte));
      // What is sent at once may arrive at once.
      await new Promise<void>((resolve) => void systemClock.setTimer(1, resolve));
    }
  }

  /** Shakes hands as somebody who behaves. A peer that connects has said HELLO, and is heard first. */
  async #greet(changes: Readonly<Record<string, unknown>>): Promise<void> {
    if (this.#role === "acceptor") this.#raw.send(this.#raw.greeting({ heartbeat: undefined, ...changes }));
    const type = this.#role === "acceptor" ? "WELCOME" : "HELLO";
    const said = await this.#next(type, 0);
    this.#greeting = fieldsOf(said).json as PeerAnswer;
    if (this.#role === "connector") this.#raw.send(this.#raw.greeting(changes));
  }

  async #next(type: string | number, call: number): Promise<RawFrame> {
    const types = typeof type === "number" ? [type] : type.split("|").map(typeOf);
    const frame = await this.#inbox.next(types, call, patienceMs);
    if (frame !== undefined) return frame;
    const came = this.#raw.received.map((one) => `${typeName(one.type)} of ${one.call}`);
    const isOver = this.#raw.isClosed ? ", and the link has ended" : "";
    throw new Error(`No ${type} of call ${call} came${isOver}; what came: ${came.join(", ") || "nothing"}`);
  }

  async #hear(pattern: FrameFields, should: Pattern): Promise<void> {
    const { type, call = 0 } = pattern;
    const fields = fieldsOf(await this.#next(type, call));
    if (fields.type === "OPEN") this.#windows.set(call, fields.window as number);
    // The type may be one of several; whichever came is right.
    demand(mismatches(fields, { ...(this.#filledIn(pattern) as object), type: fields.type }, String(type)));
    if (should !== undefined)
      this.#deviations.push(...mismatches(fields, this.#filledIn(should), String(type)));
  }

  async #take(step: Extract<CaseStep, { take: unknown }>): Promise<void> {
    const { call, from = 0, limit, as = "DATA" } = step;
    await takeMessages(this.#inbox, (frame) => this.#raw.send(frame), typeOf(as), step.take, {
      call,
      from,
      limit,
      step: step.step,
      patienceMs,
    });
  }

  async #pour(step: Extract<CaseStep, { pour: unknown }>): Promise<void> {
    const { call, from, end } = step;
    const allowed =
      this.#role === "acceptor"
        ? from + Number(this.#greeting.floor ?? 1_024)
        : Number(this.#windows.get(call) ?? 0);
    const send = (frame: RawFrame): void => this.#raw.send(frame);
    const options = { call, from, limit: allowed, patienceMs };
    const offset = await pourMessages(this.#inbox, send, step.pour, options);
    if (end) send(rawFrames.end(call, offset));
  }

  async #quiet(names: readonly string[], ms: number): Promise<void> {
    const frame = await this.#inbox.next(names.map(typeOf), undefined, ms);
    if (frame !== undefined)
      throw new Error(`Nothing of ${names.join(", ")} may come, and a ${typeName(frame.type)} came`);
  }

  async #proveLife(): Promise<void> {
    const nonce = 1 + this.#raw.received.length;
    this.#raw.send(rawFrames.ping(nonce));
    for (;;) {
      const { answer, nonce: said } = fieldsOf(await this.#next("PING", 0));
      if (answer === true && said === nonce) return;
      if (answer === true) throw new Error(`A PING ${nonce} was answered with ${said}`);
    }
  }

  async #tell(command: PeerCommand, as: string | undefined, answer: Pattern): Promise<void> {
    const asked = this.#ask(command);
    if (as === undefined) demand(mismatches(await asked, answer ?? {}, `the answer to ${command.do}`));
    else this.expectAnswer(as, asked);
  }

  async #told(name: string, pattern: Pattern): Promise<void> {
    demand(mismatches(await this.#answers.get(name), pattern, `the answer to ${name}`));
  }

  async #ends(codes: readonly string[]): Promise<void> {
    const hasEnded = await this.#inbox.isEndedWithin(patienceMs);
    const close = this.#raw.received.find(({ type }) => type === rawType.CLOSE);
    const code = close && (fieldsOf(close).json as PeerAnswer).code;
    if (!hasEnded)
      throw new Error(`The peer must end the link${close === undefined ? "" : ` after CLOSE ${code}`}`);
    if (codes.length > 0 && !codes.includes(String(code)))
      this.#deviations.push(`CLOSE should say ${codes.join(" or ")}, and says ${code ?? "nothing"}`);
  }

  async #runBeside(steps: readonly CaseStep[]): Promise<void> {
    if (this.#dial === undefined) throw new TypeError("Only a peer that listens can have a second link");
    this.#beside ??= new PeerCaseRun(await this.#dial(), this.#role, this.#ask);
    for (const step of steps) await this.#beside.step(step);
  }

  /** `pattern` with `$epoch` replaced by what the peer said of itself. */
  #filledIn(pattern: Pattern): Pattern {
    if (pattern === "$epoch") return this.#greeting.epoch;
    if (Array.isArray(pattern)) return pattern.map((one) => this.#filledIn(one));
    if (typeof pattern !== "object" || pattern === null) return pattern;
    return Object.fromEntries(Object.entries(pattern).map(([name, one]) => [name, this.#filledIn(one)]));
  }
}

function demand(problems: readonly string[]): void {
  if (problems.length > 0) throw new Error(problems.join("; "));
}

/** @throws {TypeError} for what is no hexadecimal */
function bytesOf(hex: string): Uint8Array {
  const digits = hex.replaceAll(" ", "");
  if (!/^([0-9a-f]{2})*$/.test(digits)) throw new TypeError(`Cannot read ${show(hex)} as bytes`);
  return Uint8Array.from(digits.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}
