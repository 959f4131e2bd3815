/** How busy the host is: what the counters of its cores gained between two looks. */
import { cpus } from "node:os";

/** A function that returns percent, 0 to 100, since it was called last. 0 when the counters, which tick every 10 ms, have not moved. */
export function cpuMeter(): () => number {
  let before = coreTimes();
  return () => {
    const now = coreTimes();
    const [idle, total] = [now.idle - before.idle, now.total - before.total];
    before = now;
    return total > 0 ? Math.min(100, Math.max(0, (100 * (total - idle)) / total)) : 0;
  };
}

function coreTimes(): { readonly idle: number; readonly total: number } {
  let [idle, total] = [0, 0];
  for (const { times } of cpus()) {
    idle += times.idle;
    total += times.user + times.nice + times.sys + times.idle + times.irq;
  }
  return { idle, total };
}
