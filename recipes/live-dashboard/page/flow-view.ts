/** Three numbers of a stream (produced, received, credit), what was lost or doubled, and the two buttons that disturb it. */
import { element, setText } from "./element.ts";
import type { NumberLedger } from "./number-ledger.ts";

/** What there is to see of the stream at a moment. */
export interface FlowReading {
  /** Numbers that the handler has made, as far as it has told. */
  readonly produced: number;
  readonly ledger: NumberLedger;
  /** Bytes that the handler may still send. */
  readonly credit: number;
}

const grouped = new Intl.NumberFormat("en");

export class FlowView {
  readonly #produced = element("produced", HTMLElement);
  readonly #received = element("received", HTMLElement);
  readonly #credit = element("credit", HTMLElement);
  readonly #meter = element("credit-meter", HTMLMeterElement);
  readonly #lost = element("lost", HTMLSpanElement);
  readonly #doubled = element("doubled", HTMLSpanElement);
  readonly #pauseNote = element("pause-note", HTMLParagraphElement);
  readonly #cutNote = element("cut-note", HTMLParagraphElement);
  readonly #pause = element("pause", HTMLButtonElement);
  readonly #cut = element("cut", HTMLButtonElement);

  /** @param windowBytes what may lie unread at this page, bytes */
  constructor(windowBytes: number) {
    this.#meter.max = windowBytes;
  }

  onPause(listener: (isPaused: boolean) => void): void {
    this.#pause.addEventListener("click", () => {
      const isPaused = !this.#isPaused;
      this.#pause.setAttribute("aria-pressed", String(isPaused));
      listener(isPaused);
    });
  }

  onCut(listener: () => void): void {
    this.#cut.addEventListener("click", listener);
  }

  get #isPaused(): boolean {
    return this.#pause.getAttribute("aria-pressed") === "true";
  }

  set canCut(canCut: boolean) {
    this.#cut.disabled = !canCut;
  }

  /** Tells what became of the connection. */
  sayOfCut(text: string): void {
    setText(this.#cutNote, text);
  }

  show({ produced, ledger, credit }: FlowReading): void {
    setText(this.#produced, grouped.format(produced));
    setText(this.#received, grouped.format(ledger.received));
    setText(this.#credit, formatBytes(credit));
    setText(this.#lost, grouped.format(ledger.lost));
    setText(this.#doubled, grouped.format(ledger.doubled));
    this.#meter.value = credit;
    this.#meter.setAttribute("aria-valuetext", formatBytes(credit));
    setText(this.#pauseNote, this.#isPaused ? describePause(credit) : "");
  }
}

/** Bytes that a number takes of the window: its digits and the overhead of a message, which is 64. */
const mostPerNumber = 80;

function describePause(credit: number): string {
  return credit < mostPerNumber
    ? "Paused. The window is full, so the handler waits."
    : "Paused. The handler goes on until the window is full.";
}

function formatBytes(bytes: number): string {
  return bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(bytes % 1024 === 0 ? 0 : 1)} KiB`;
}
