/** Host metrics: the arithmetic on made-up counters, and the sampler on this machine. */
import type { CpuInfo } from "node:os";
import { describe, expect, test } from "vitest";
import { cpuPercent, hostSampler, memoryPercent } from "../src/host-metrics.ts";

function core(times: Partial<CpuInfo["times"]>): CpuInfo {
  return { model: "test", speed: 0, times: { user: 0, nice: 0, sys: 0, idle: 0, irq: 0, ...times } };
}

describe("cpuPercent", () => {
  const zero = [core({}), core({})];
  test.each<[string, CpuInfo[], CpuInfo[], number]>([
    ["is 0 on an idle host", zero, [core({ idle: 500 }), core({ idle: 500 })], 0],
    ["is 100 on a busy host", zero, [core({ user: 300, sys: 200 }), core({ nice: 400, irq: 100 })], 100],
    ["counts all cores together", zero, [core({ user: 500 }), core({ idle: 500 })], 50],
    [
      "counts what was gained, not the totals",
      [core({ user: 9_000, idle: 10 })],
      [core({ user: 9_010, idle: 40 })],
      25,
    ],
    ["is 0 when the counters have not moved", [core({ user: 7, idle: 7 })], [core({ user: 7, idle: 7 })], 0],
    ["is 0 when a core went away", [core({ idle: 500 }), core({ idle: 500 })], [core({ idle: 600 })], 0],
    ["stays at 100 when idle time goes back", [core({ idle: 500 })], [core({ idle: 490, user: 100 })], 100],
    ["is 0 where the platform names no core", [], [], 0],
  ])("%s", (_name, before, after, expected) => {
    expect(cpuPercent(before, after)).toBe(expected);
  });
});

describe("memoryPercent", () => {
  test("takes what is available, which is more than what is free", () => {
    expect(memoryPercent("MemTotal: 1 kB\nMemFree:        0 kB\nMemAvailable:   0 kB\n")).toBe(100);
    expect(memoryPercent("MemAvailable:   999999999999 kB\n")).toBe(0);
  });

  test("falls back to free memory without /proc/meminfo", () => {
    const percent = memoryPercent("");
    expect(percent).toBeGreaterThan(0);
    expect(percent).toBeLessThan(100);
  });
});

describe("hostSampler", () => {
  test("measures from call to call", () => {
    const readings = [
      [core({ idle: 100 })],
      [core({ idle: 200, user: 100 })], // 50 % since the start
      [core({ idle: 200, user: 100 })], // too soon: nothing has moved
      [core({ idle: 200, user: 200 })], // 100 % since the last figure
    ];
    const sample = hostSampler(() => readings.shift() ?? []);
    expect([sample().cpu, sample().cpu, sample().cpu]).toEqual([50, 50, 100]);
  });

  test("sees this machine work", () => {
    const sample = hostSampler();
    const startMs = performance.now();
    while (performance.now() - startMs < 50); // the counters tick every 10 ms
    const { cpu, memory, timestamp } = sample();
    expect(cpu).toBeGreaterThan(0);
    expect(cpu).toBeLessThanOrEqual(100);
    expect(memory).toBeGreaterThan(0);
    expect(memory).toBeLessThan(100);
    expect(Math.abs(Date.now() - timestamp)).toBeLessThan(1_000);
  });
});
