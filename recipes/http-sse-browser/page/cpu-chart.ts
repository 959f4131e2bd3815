/** A line chart of percentages over the last minute, in the colours of style.css. */
import uPlot from "uplot";

/** What is shown, seconds. */
const spanSeconds = 60;
const splitLabels = new Map([
  [-60, "−60 s"],
  [-45, "−45 s"],
  [-30, "−30 s"],
  [-15, "−15 s"],
  [0, "now"],
]);

export class CpuChart {
  readonly #host: HTMLElement;
  readonly #plot: uPlot;
  /** Seconds since 1970, ascending. */
  readonly #times: number[] = [];
  readonly #percents: number[] = [];

  constructor(host: HTMLElement) {
    this.#host = host;
    this.#plot = new uPlot(this.#options(), [[], []], host);
    new ResizeObserver(() => this.#plot.setSize(sizeOf(host))).observe(host);
    // Colours are asked for at every drawing; these are the drawings that no sample brings.
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#plot.redraw());
  }

  /** Adds the newest sample: milliseconds since 1970, percent. */
  add(timestamp: number, percent: number): void {
    const seconds = timestamp / 1000;
    this.#times.push(seconds);
    this.#percents.push(percent);
    // One older than what is shown stays, so that the line comes from the left edge.
    while ((this.#times[1] ?? seconds) < seconds - spanSeconds) {
      this.#times.shift();
      this.#percents.shift();
    }
    this.#plot.setData([this.#times, this.#percents]);
    const most = Math.max(...this.#percents).toFixed(0);
    this.#host.setAttribute(
      "aria-label",
      `CPU over the last minute: now ${percent.toFixed(0)} %, at most ${most} %`,
    );
  }

  /** The right edge, seconds since 1970. */
  get #edge(): number {
    return this.#times.at(-1) ?? Date.now() / 1000;
  }

  #options(): uPlot.Options {
    const colour = (property: string) => getComputedStyle(this.#host).getPropertyValue(property).trim();
    const axis = {
      stroke: () => colour("--muted"),
      font: `12px ${getComputedStyle(this.#host).fontFamily}`,
      grid: { stroke: () => colour("--line"), width: 1 },
      ticks: { show: false },
    };
    return {
      ...sizeOf(this.#host),
      padding: [10, 20, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: false, range: () => [this.#edge - spanSeconds, this.#edge] },
        y: { range: [0, 100] },
      },
      axes: [
        {
          ...axis,
          size: 24,
          gap: 8,
          splits: () => [...splitLabels.keys()].map((seconds) => this.#edge + seconds),
          values: (_plot, splits) =>
            splits.map((split) => splitLabels.get(Math.round(split - this.#edge)) ?? ""),
        },
        {
          ...axis,
          size: 50,
          splits: () => [0, 25, 50, 75, 100],
          values: (_plot, splits) => splits.map((split) => `${split} %`),
        },
      ],
      series: [
        {},
        {
          stroke: () => colour("--accent"),
          fill: () => `color-mix(in srgb, ${colour("--accent")} 14%, transparent)`,
          width: 2,
          points: { show: false },
        },
      ],
    };
  }
}

function sizeOf(host: HTMLElement): { width: number; height: number } {
  return { width: Math.max(1, host.clientWidth), height: Math.max(1, host.clientHeight) };
}
