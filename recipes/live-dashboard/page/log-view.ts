/** The last 500 lines of the log, and the filter above them. */
import { isAtLeast, type LogEntry, type LogLevel, logLevels } from "../src/log-line.ts";
import { escapeControls } from "../src/terminal.ts";
import { element, setText } from "./element.ts";

const mostLines = 500;

export class LogView {
  readonly #box = element("log-box", HTMLElement);
  readonly #lines = element("log-lines", HTMLOListElement);
  readonly #empty = element("log-empty", HTMLParagraphElement);
  readonly #note = element("log-note", HTMLParagraphElement);
  readonly #levels = element("level", HTMLFieldSetElement);

  /** Whether the newest line is in sight; who has scrolled back, reads. */
  #isAtEnd = true;
  /** Of the box, in pixels, when its lines were last put in their places. */
  #width = 0;

  /** Calls `onLevel` when another level is chosen. */
  constructor(onLevel: (level: LogLevel) => void) {
    this.#box.tabIndex = 0; // it scrolls: whoever has no mouse scrolls it by the keyboard
    this.#box.addEventListener("scroll", () => {
      const { scrollHeight, scrollTop, clientHeight, clientWidth } = this.#box;
      // Lines that break elsewhere now have moved the end, and not whoever reads: the observer follows it.
      if (clientWidth !== this.#width) return;
      this.#isAtEnd = scrollHeight - scrollTop - clientHeight < 24;
    });
    new ResizeObserver(() => {
      this.#width = this.#box.clientWidth;
      this.#stayAtEnd();
    }).observe(this.#box);
    this.#levels.addEventListener("change", () => onLevel(this.level));
  }

  /** What is chosen. */
  get level(): LogLevel {
    const chosen = this.#levels.querySelector<HTMLInputElement>("input:checked")?.value;
    return logLevels.find((level) => level === chosen) ?? "info";
  }

  add({ level, message, timestamp }: LogEntry): void {
    const line = document.createElement("li");
    line.dataset.level = level;
    const time = document.createElement("time");
    const date = new Date(timestamp);
    time.dateTime = date.toISOString();
    time.textContent = `${date.toTimeString().slice(0, 8)}.${String(date.getMilliseconds()).padStart(3, "0")}`;
    line.append(time, span("level", level.toUpperCase()), span("message", escapeControls(message)));
    this.#lines.append(line);
    while (this.#lines.childElementCount > mostLines) this.#lines.firstElementChild?.remove();
    this.#empty.hidden = true;
    this.#stayAtEnd();
  }

  #stayAtEnd(): void {
    if (this.#isAtEnd) this.#box.scrollTop = this.#box.scrollHeight;
  }

  /** Tells what became of the filter. */
  say(text: string): void {
    setText(this.#note, text);
  }
}

/** What the server was told: `debug` up to `error` are shown. */
export function describeFilter(threshold: LogLevel): string {
  const shown = logLevels.filter((level) => isAtLeast(level, threshold));
  return `The server sends: ${shown.join(", ")}`;
}

function span(name: string, text: string): HTMLSpanElement {
  const made = document.createElement("span");
  made.className = name;
  made.textContent = text;
  return made;
}
