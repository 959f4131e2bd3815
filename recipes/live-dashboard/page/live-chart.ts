/** A line chart of percentages over the last two minutes, in the colours of style.css. */
import uPlot from "uplot";
import { setText } from "./element.ts";

/** What is shown, seconds. */
const spanSeconds = 120;
const splitLabels = new Map([
  [-120, "−2 min"],
  [-90, "−1:30"],
  [-60, "−1 min"],
  [-30, "−30 s"],
  [0, "now"],
]);

export interface LiveChartParts {
  /** Holds the canvas, and says in its label what it shows. */
  readonly chart: HTMLElement;
  /** Shows the newest value. */
  readonly now: HTMLElement;
  /** What is measured: `CPU`. */
  readonly name: string;
  /** The custom property that has the line's colour: `--cpu`. */
  readonly colour: string;
}

export class LiveChart {
  readonly #parts: LiveChartParts;
  readonly #plot: uPlot;
  /** Seconds since 1970, ascending. */
  readonly #times: number[] = [];
  /** Percent. */
  readonly #values: number[] = [];

  constructor(parts: LiveChartParts) {
    this.#parts = parts;
    const { chart } = parts;
    this.#plot = new uPlot(this.#options(), [[], []], chart);
    new ResizeObserver(() => this.#plot.setSize(sizeOf(chart))).observe(chart);
    // Colours are asked for at every drawing; these are the drawings that no sample brings.
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#plot.redraw());
  }

  /** Adds the newest sample: milliseconds since 1970, percent. */
  add(timestamp: number, percent: number): void {
    const seconds = timestamp / 1000;
    this.#times.push(seconds);
    this.#values.push(percent);
    // One older than what is shown stays, so that the line comes from the left edge.
    while ((this.#times[1] ?? seconds) < seconds - spanSeconds) {
      this.#times.shift();
      this.#values.shift();
    }
    this.#plot.setData([this.#times, this.#values]);
    const { chart, now, name } = this.#parts;
    const [least, most] = [Math.min(...this.#values), Math.max(...this.#values)];
    setText(now, `${percent.toFixed(1)} %`);
    chart.setAttribute(
      "aria-label",
      `${name} over the last two minutes: now ${percent.toFixed(0)} %, between ${least.toFixed(0)} and ${most.toFixed(0)} %`,
    );
  }

  /** The right edge, seconds since 1970. */
  get #edge(): number {
    return this.#times.at(-1) ?? Date.now() / 1000;
  }

  #options(): uPlot.Options {
    const { chart, colour } = this.#parts;
    const line = () => colourOf(chart, colour);
    const axis = {
      stroke: () => colourOf(chart, "--muted"),
      font: `12px ${getComputedStyle(chart).fontFamily}`,
      grid: { stroke: () => colourOf(chart, "--line"), width: 1 },
      ticks: { show: false },
    };
    return {
      ...sizeOf(chart),
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
          stroke: line,
          fill: () => `color-mix(in srgb, ${line()} 14%, transparent)`,
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

function colourOf(host: HTMLElement, property: string): string {
  return getComputedStyle(host).getPropertyValue(property).trim();
}
