/** Twenty streams at once, each in a cell of its own: opened and closed by one button. */
import { SluiceError } from "@sluice/protocol";
import { element } from "./element.ts";

const streams = 20;

/** A stream of numbers that can be closed. */
export interface NumberStream extends AsyncIterable<number> {
  close(): PromiseLike<unknown>;
}

export class ManyStreams {
  readonly #open: (index: number) => NumberStream;
  readonly #button = element("many", HTMLButtonElement);
  readonly #note = element("many-note", HTMLParagraphElement);
  readonly #cells: readonly HTMLElement[];
  #running: readonly NumberStream[] = [];

  constructor(open: (index: number) => NumberStream) {
    this.#open = open;
    this.#cells = Array.from({ length: streams }, () => document.createElement("li"));
    for (const cell of this.#cells) cell.textContent = "–";
    element("cells", HTMLOListElement).append(...this.#cells);
    this.#button.addEventListener("click", () => this.#toggle());
  }

  #toggle(): void {
    const isOpening = this.#running.length === 0;
    this.#button.classList.toggle("quiet", isOpening);
    this.#button.textContent = isOpening ? "Close them" : `Open ${streams} streams`;
    this.#note.textContent = isOpening ? `${streams} streams are open, and the chart’s.` : "None is open.";
    for (const stream of this.#running) void stream.close();
    this.#running = isOpening ? this.#cells.map((cell, index) => this.#show(cell, this.#open(index))) : [];
  }

  #show(cell: HTMLElement, stream: NumberStream): NumberStream {
    void this.#take(cell, stream);
    return stream;
  }

  async #take(cell: HTMLElement, stream: NumberStream): Promise<void> {
    try {
      for await (const number of stream) cell.textContent = String(number);
    } catch (error) {
      cell.textContent = SluiceError.is(error) ? error.code : String(error);
    }
  }
}
