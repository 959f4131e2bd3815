/**
 * The host's load, measured: CPU by what its counters gained between two looks, memory by what is available now.
 *
 * Not the load average, which counts waiting processes over minutes and knows no 100 %.
 */
import { readFileSync } from "node:fs";
import { type CpuInfo, cpus, freemem, totalmem } from "node:os";

export interface HostMetrics {
  /** Percent of all cores together, 0 to 100. */
  readonly cpu: number;
  /** Percent of the memory that programs could not have without swapping, 0 to 100. */
  readonly memory: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
}

/**
 * How busy the cores were between two results of `os.cpus()`, all together, in percent from 0 to 100.
 * 0 when the counters have not moved (they tick every 10 ms) or went back (a core was taken away).
 */
export function cpuPercent(before: readonly CpuInfo[], after: readonly CpuInfo[]): number {
  const elapsed = totalTime(after) - totalTime(before);
  const idle = idleTime(after) - idleTime(before);
  return elapsed > 0 ? percent(elapsed - idle, elapsed) : 0;
}

/** The share of memory in use, in percent from 0 to 100. `meminfo` is the text of `/proc/meminfo`, where there is one. */
export function memoryPercent(meminfo: string | undefined = readMeminfo()): number {
  const available = /^MemAvailable:\s+(\d+) kB$/m.exec(meminfo ?? "")?.[1];
  const free = available === undefined ? freemem() : Number(available) * 1024;
  return percent(totalmem() - free, totalmem());
}

/** A function that measures: CPU since it last returned a new figure (at first: since now), memory at this moment. */
export function hostSampler(readCpus: () => readonly CpuInfo[] = cpus): () => HostMetrics {
  let before = readCpus();
  let cpu = 0;
  return () => {
    const after = readCpus();
    if (totalTime(after) !== totalTime(before)) {
      cpu = cpuPercent(before, after);
      before = after;
    }
    return { cpu, memory: memoryPercent(), timestamp: Date.now() };
  };
}

function totalTime(cores: readonly CpuInfo[]): number {
  return cores.reduce(
    (sum, { times }) => sum + times.user + times.nice + times.sys + times.idle + times.irq,
    0,
  );
}

function idleTime(cores: readonly CpuInfo[]): number {
  return cores.reduce((sum, { times }) => sum + times.idle, 0);
}

function percent(part: number, whole: number): number {
  return Math.min(100, Math.max(0, (100 * part) / whole));
}

function readMeminfo(): string | undefined {
  try {
    return readFileSync("/proc/meminfo", "utf8");
  } catch {
    return undefined; // not Linux: `os.freemem()` has to do
  }
}
