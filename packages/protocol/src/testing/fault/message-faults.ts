/**
 * Loses, doubles and swaps messages on their way, as carriers do that promise less than a link needs.
 *
 * Pure: messages go in one by one, and out as they are passed on. Used on ports by faulty-port.ts.
 */
import { Dice } from "../dice.ts";

/** What happens to a message: it is lost; passed on twice; or passed on after the one behind it. */
export type MessageFault = "drop" | "duplicate" | "reorder";

/** The fault of the message that is the `number`th, from 1; `undefined`: it is passed on. */
export type MessageFaultPlan<Message = unknown> = (
  number: number,
  message: Message,
) => MessageFault | undefined;

export interface RandomMessageFaultsOptions {
  /** An integer; the same seed makes the same faults. */
  readonly seed: number;
  /** One message in so many is lost. Default: none. */
  readonly dropOneIn?: number;
  readonly duplicateOneIn?: number;
  readonly reorderOneIn?: number;
}

export class MessageFaults<Message = unknown> {
  /** Messages that came. */
  messages = 0;
  /** Faults that were done. */
  readonly done: Record<MessageFault, number> = { drop: 0, duplicate: 0, reorder: 0 };
  readonly #planned: MessageFaultPlan<Message>;
  #next: MessageFault | undefined;
  #late: Message[] = [];

  /** @param plan by the number of a message, from 1, or by number and content. Default: no fault */
  constructor(plan: MessageFaultPlan<Message> | Readonly<Record<number, MessageFault>> = {}) {
    this.#planned = typeof plan === "function" ? plan : (number) => plan[number];
  }

  /** The next message has this fault, whatever the plan says. */
  next(fault: MessageFault): void {
    this.#next = fault;
  }

  /** What is passed on when `message` comes, in order. A message that is to come after another waits for it. */
  pass(message: Message): Message[] {
    this.messages++;
    const fault = this.#next ?? this.#planned(this.messages, message);
    this.#next = undefined;
    if (fault !== undefined) this.done[fault]++;
    if (fault === "drop") return [];
    if (fault === "reorder") {
      this.#late.push(message);
      return [];
    }
    const late = this.#late;
    this.#late = [];
    return fault === "duplicate" ? [message, message, ...late] : [message, ...late];
  }
}

/** Faults drawn from a seed: `new MessageFaults(randomMessageFaults({ seed, dropOneIn: 20 }))`. */
export function randomMessageFaults(options: RandomMessageFaultsOptions): MessageFaultPlan {
  const { seed, dropOneIn, duplicateOneIn, reorderOneIn } = options;
  const dice = Dice.seeded(seed);
  const draws = (count: number | undefined): boolean => count !== undefined && dice.oneIn(count);
  return () => {
    if (draws(dropOneIn)) return "drop";
    if (draws(duplicateOneIn)) return "duplicate";
    return draws(reorderOneIn) ? "reorder" : undefined;
  };
}
