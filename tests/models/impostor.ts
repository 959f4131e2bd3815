/**
 * Another link that claims a client's session, as a HELLO that was late would, and says nothing more; and what has to be answered.
 *
 * Spec: docs/wire.md §3.1, §4.7.
 */
import { type ByteDuplex, FrameDecoder, FrameType, FrameWriter, standardUtf8 } from "@sluice/protocol/wire";
import { expect } from "vitest";

export interface SessionClaim {
  readonly id: string;
  readonly secret: string;
  readonly attempt: number;
}

/** Attempts to find a session: the last one that was made, as far as a HELLO has passed, and the last one that has found it. */
export interface SessionAttempts {
  made: number;
  found: number;
}

export class Impostor {
  readonly claim: SessionClaim;
  /** `late`: no later than one that has found the session; `new`: later than all that were made. */
  readonly age: "late" | "between" | "new";
  /** What it has heard: `WELCOME` and the id of the session, or `CLOSE` and the code; then whatever else. */
  readonly heard: string[] = [];

  /** Sends `hello` over `link` with `claim` in it. `attempts`: of this session, so far. */
  constructor(
    link: ByteDuplex,
    hello: Record<string, unknown>,
    claim: SessionClaim,
    attempts: SessionAttempts,
  ) {
    this.claim = claim;
    const { made, found } = attempts;
    this.age = claim.attempt <= found ? "late" : claim.attempt > made ? "new" : "between";
    const decoder = new FrameDecoder(standardUtf8);
    link.start({
      data: (chunk) => {
        decoder.push(chunk.slice(), (frame) => {
          if (frame.type === FrameType.CLOSE) this.heard.push(`CLOSE ${frame.code}`);
          else if (frame.type !== FrameType.WELCOME) this.heard.push(`frame type ${frame.type}`);
          else this.heard.push(`WELCOME ${(frame.welcome as { session?: { id: string } }).session?.id}`);
        });
      },
      drained() {},
      closed() {},
    });
    const writer = new FrameWriter(standardUtf8);
    writer.write({ type: FrameType.HELLO, call: 0, hello: { ...hello, session: claim } });
    link.write(writer.take());
  }

  /** Whether it was let into the session that it claimed. */
  get hasFound(): boolean {
    return this.heard[0] === `WELCOME ${this.claim.id}`;
  }

  /** Fails if it, as one who is not the client, was answered wrongly. `isDraining`: the server lets nobody in. */
  judgeStranger(isDraining: boolean, who: string): void {
    const [answer] = this.heard;
    const name = `the answer to a claim by ${who} is ${this.heard.join(", ")}`;
    expect(this.heard.length, name).toBe(1);
    expect(answer, name).toMatch(isDraining ? /^CLOSE UNAVAILABLE$/ : /^WELCOME \w/);
    expect(this.hasFound, name).toBe(false);
  }

  /** Fails if it was answered wrongly. `isKept`: whether the server keeps the session for certain. */
  judge(isKept: boolean): void {
    const [answer] = this.heard;
    const { id, attempt } = this.claim;
    const [refused, found] = ["CLOSE SESSION_TAKEN_OVER", `WELCOME ${id}`];
    const name = `the answer to attempt ${attempt}, which is ${this.age}`;
    const all = this.heard.join(", ");
    if (this.age === "late") expect(this.heard.length, `what was heard, ${all}, is ${name}`).toBe(1);
    if (!isKept) expect(this.age === "late" && answer === found, `${name} is ${all}`).toBe(false);
    else if (this.age === "late") expect(answer, name).toBe(refused);
    else if (this.age === "new") expect(answer, name).toBe(found);
    else expect([refused, found], name).toContain(answer);
  }
}
