/** A session as its calls see it, which keeps what they ask of it. */
import type { Frame } from "../../src/frame/frame.ts";
import { standardUtf8 } from "../../src/frame/utf8.ts";
import { type ResolvedLimits, resolveLimits } from "../../src/limits.ts";
import type { Link } from "../../src/link/link.ts";
import type { CallHost, PeerLimits, SessionCall } from "../../src/session/call-host.ts";
import { MemoryBudget } from "../../src/session/memory-budget.ts";
import { SendBudget } from "../../src/session/send-budget.ts";
import type { SendContext } from "../../src/session/send-context.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { ScriptedLink } from "./scripted-link.ts";

export class FakeHost implements CallHost {
  readonly clock = new FakeClock();
  readonly limits: ResolvedLimits = resolveLimits();
  readonly utf8 = standardUtf8;
  readonly isStructured = false;
  readonly budget = new MemoryBudget(this.limits);
  readonly link = new ScriptedLink();
  readonly peerLimits: PeerLimits = { ...this.limits, window: 65_536, floor: 2048 };
  readonly sending: SendContext = {
    budget: new SendBudget(this.limits.maxBuffered),
    utf8: standardUtf8,
    isStructured: false,
    resultAllowance: 2048,
    maxMessage: this.limits.maxMessage,
  };
  /** `over`, `putBack`, `DONE 1`, `abused`: what a call told its session, in order. */
  readonly log: string[] = [];
  /** Whether calls may send at once; else they wait for a turn that never comes. */
  hasFreeLink = true;

  get freeLink(): Link | undefined {
    return this.hasFreeLink ? this.link : undefined;
  }

  control(frame: Frame): void {
    this.link.send(frame);
  }

  ready(call: SessionCall): void {
    if (this.hasFreeLink) call.takeTurn(this.link, Number.POSITIVE_INFINITY);
  }

  /** Whether the link is lost. */
  isDetached = false;

  register(): void {}

  openSent(): void {
    this.log.push("open sent");
  }

  idsUsedUp(): void {
    this.log.push("ids used up");
  }

  over(): void {
    this.log.push("over");
  }

  putBack(): void {
    this.log.push("putBack");
  }

  owesDone(id: number): void {
    this.log.push(`DONE ${id}`);
  }

  abused(): void {
    this.log.push("abused");
  }

  /** Frames sent and things said since the last look. */
  take(): { frames: string[]; log: string[] } {
    return { frames: this.link.take(), log: this.log.splice(0) };
  }
}
