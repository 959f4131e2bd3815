// One workload on one transport: all adapters together, a run of each in turn.
import { LostProcessError, measureAhead, measureIdle, measureRate, openPair, warmUp } from "./measure.mjs";
import { workloads } from "./workloads.mjs";

/**
 * @param cell of `cellsOf`
 * @param form of `forms`
 * @param node path of the Node that runs them
 * @returns the cell, each adapter with its samples, or the reason why it was not run
 * @throws whatever an adapter fails with, a wrong answer among it
 */
export async function measureCell({ transport, workload, adapters }, form, node) {
  const options = { workload, node };
  const results = adapters.map(({ name, role, ...adapter }) => {
    const reason = adapter.lacks(workload, transport);
    return reason === undefined ? { name, role, samples: [] } : { name, role, reason };
  });
  const taking = adapters.flatMap((adapter, at) =>
    results[at].samples === undefined ? [] : [{ adapter, result: results[at] }],
  );
  await { rate: rates, ahead: aheads, idle: idles }[workloads[workload].kind](
    taking,
    transport,
    options,
    form,
  );
  return { transport, workload, adapters: results };
}

async function rates(taking, transport, options, form) {
  const pairs = new Map();
  try {
    for (const { adapter, result } of taking) {
      await unlessLost(adapter, result, async () => {
        const pair = await openPair(adapter, transport, options);
        pairs.set(result, pair);
        result.operations = await warmUp(pair, options.workload, form);
      });
    }
    for (let run = 0; run < form.runs; run++) {
      for (const { adapter, result } of taking) {
        if (result.samples === undefined) continue;
        await unlessLost(adapter, result, async () => {
          result.samples.push(await measureRate(pairs.get(result), result.operations));
        });
      }
    }
  } finally {
    await Promise.all([...pairs.values()].map((pair) => pair.close()));
  }
}

/** One at a time: a producer that nobody holds back takes a core. */
async function aheads(taking, transport, options, form) {
  for (const { adapter, result } of taking) {
    await withPair(adapter, result, transport, options, async (pair) => {
      result.samples.push(await measureAhead(pair, form.aheadMs));
    });
  }
}

async function idles(taking, transport, options, form) {
  for (let run = 0; run < form.idleRuns; run++) {
    for (const { adapter, result } of taking) {
      if (result.samples === undefined || (adapter.role === "peer" && run > 0)) continue;
      await withPair(adapter, result, transport, options, async (pair) => {
        result.samples.push(await measureIdle(pair, options.workload, form.idleScale));
      });
    }
  }
}

function withPair(adapter, result, transport, options, use) {
  return unlessLost(adapter, result, async () => {
    const pair = await openPair(adapter, transport, options);
    try {
      await use(pair);
    } finally {
      await pair.close();
    }
  });
}

/** A peer that crashes, fails or hangs is a row that says so; wrong answers of anyone, and crashes of what is ours, end the run. */
async function unlessLost({ role }, result, action) {
  try {
    await action();
  } catch (error) {
    if (role !== "peer" || !(error instanceof LostProcessError)) throw error;
    delete result.samples;
    [result.reason] = error.message.split("\n");
  }
}
