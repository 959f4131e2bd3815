// What is run in which form: the adapters of each workload on each transport, and how long.
import { ownAdapters } from "./adapters/list.mjs";
import { peers } from "./peers/list.mjs";
import { workloads } from "./workloads.mjs";

export const transports = ["unix", "tcp", "ws", "http", "memory"];

const few = new Set(["W1", "W2", "W4"]);
const peersOnly = new Set(["W2", "W4"]);

/**
 * `runs`: interleaved. `warmMs`, `warmShare`: how long each adapter warms up, and for how many of the workload's operations at least. `targetMs`: of a run. `scale`: of the operations that a workload has at most.
 * `aheadMs`: of W5. `idleScale`: of W8. `has`: whether an adapter takes part.
 */
export const forms = {
  short: {
    runs: 3,
    warmMs: 250,
    warmShare: 0.3,
    targetMs: 120,
    scale: 0.25,
    aheadMs: 1_000,
    idleScale: 0.3,
    idleRuns: 1,
    has({ name, role }, workload, transport) {
      if (role === "peer") return peersOnly.has(workload);
      if (name === "sluice-msgpack") return transport === "unix" && peersOnly.has(workload);
      if (name === "raw-plain") return workload === "W1" || workload === "W3";
      return few.has(workload) || transport === "unix" || transport === "ws";
    },
  },
  full: {
    runs: 5,
    warmMs: 500,
    warmShare: 0.5,
    targetMs: 350,
    scale: 1,
    aheadMs: 5_000,
    idleScale: 1,
    idleRuns: 2,
    has: () => true,
  },
};

export const adapters = [...ownAdapters, ...peers];

const split = (text) => text?.split(",");

/**
 * The cells of a run, each with its adapters in the order in which they are measured.
 *
 * @param form of `forms`
 * @param chosen texts of the command line, each absent or a list: `adapters`, `transports`, `workloads`
 */
export function cellsOf(form, chosen) {
  const isChosen = (key, value) => split(chosen[key])?.includes(value) ?? true;
  return transports
    .filter((transport) => isChosen("transports", transport))
    .flatMap((transport) =>
      Object.keys(workloads)
        .filter(
          (workload) => isChosen("workloads", workload) || isChosen("workloads", workload.split("-")[0]),
        )
        .map((workload) => ({
          transport,
          workload,
          adapters: adapters.filter(
            (adapter) =>
              adapter.transports.includes(transport) &&
              isChosen("adapters", adapter.name) &&
              (chosen.adapters !== undefined ||
                (!adapter.isOnDemand && form.has(adapter, workload, transport))),
          ),
        })),
    )
    .map((cell) => ({ ...cell, adapters: inOrder(cell.adapters, split(chosen.adapters)) }))
    .filter(({ adapters }) => adapters.length > 0);
}

/** As they are named, if they are: where there is no limit among them, the first is what the others are compared with. */
const inOrder = (adapters, names) =>
  names === undefined
    ? adapters
    : [...adapters].sort((a, b) => names.indexOf(a.name) - names.indexOf(b.name));

/** Seconds that the cells take on a machine with nothing else to do, about. */
export function estimateSeconds(form, cells) {
  let ms = 0;
  for (const { transport, workload, adapters } of cells) {
    const { kind } = workloads[workload];
    for (const adapter of adapters) {
      if (adapter.lacks(workload, transport) !== undefined) continue;
      ms += 600;
      if (kind === "rate") ms += 1.5 * form.warmMs + form.runs * (form.targetMs + 10);
      else if (kind === "ahead") ms += form.aheadMs + 1_000;
      else ms += (adapter.role === "peer" ? 1 : form.idleRuns) * (1_500 + 3_000 * form.idleScale);
    }
  }
  return Math.round(ms / 1000);
}
