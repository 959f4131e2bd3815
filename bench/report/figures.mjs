// Reads results: medians, ratios run by run, the limit and the best peer of a cell.
import { median, quantile } from "../statistics.mjs";
import { workloads } from "../workloads.mjs";

/** Which of two is better. */
const isLowBetter = { cpu: true, p50: true, ahead: true, bytes: true, perSecond: false };

/** What is compared in each workload. */
export const metricOf = (workload) => workloads[workload].metric;

/**
 * The results of one Node.
 *
 * `cells`: `[{ transport, workload, adapters: [{ name, role, samples } | { name, role, reason }] }]`; samples of the same index were
 * taken one after the other.
 */
export class Figures {
  #cells;
  bundles;

  constructor({ cells, bundles = {} }) {
    this.#cells = cells;
    this.bundles = bundles;
  }

  get transports() {
    return [...new Set(this.#cells.map(({ transport }) => transport))];
  }

  entries(workload, transport) {
    const cell = this.#cells.find((one) => one.workload === workload && one.transport === transport);
    return cell?.adapters ?? [];
  }

  entry(workload, transport, name) {
    return this.entries(workload, transport).find((one) => one.name === name);
  }

  /** All values of a metric; `undefined` if it was not measured. */
  values(workload, transport, name, metric = metricOf(workload)) {
    return this.entry(workload, transport, name)?.samples?.map((sample) => sample[metric]);
  }

  median(workload, transport, name, metric) {
    const values = this.values(workload, transport, name, metric);
    return values === undefined ? undefined : median(values);
  }

  /** The best of some, by the median of what the workload compares. */
  best(workload, transport, names) {
    const metric = metricOf(workload);
    const sign = isLowBetter[metric] ? 1 : -1;
    const measured = names.filter((name) => this.values(workload, transport, name) !== undefined);
    return measured.sort(
      (a, b) => sign * (this.median(workload, transport, a) - this.median(workload, transport, b)),
    )[0];
  }

  bestPeer(workload, transport) {
    const peers = this.entries(workload, transport).filter(({ role }) => role === "peer");
    return this.best(
      workload,
      transport,
      peers.map(({ name }) => name),
    );
  }

  /** What is left when everything else is taken away; over WebSocket the better of plain and corked. */
  limit(workload, transport) {
    const limits = this.entries(workload, transport).filter(({ role }) => role === "limit");
    return this.best(
      workload,
      transport,
      limits.map(({ name }) => name),
    );
  }

  /** What others are compared with: the limit, where there is none the first that was measured. */
  base(workload, transport) {
    const isMeasured = ({ samples }) => samples !== undefined;
    return this.limit(workload, transport) ?? this.entries(workload, transport).find(isMeasured)?.name;
  }

  /** Run by run, since what disturbs one of a pair usually disturbs the other: median and quartiles. */
  ratio(workload, transport, name, base, metric) {
    const values = this.values(workload, transport, name, metric);
    const bases = base === undefined ? undefined : this.values(workload, transport, base, metric);
    if (values === undefined || bases === undefined) return undefined;
    const ratios = bases.slice(0, values.length).map((one, at) => values[at] / one);
    return { low: quantile(ratios, 0.25), median: median(ratios), high: quantile(ratios, 0.75) };
  }
}
