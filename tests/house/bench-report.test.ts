/** `bench/`: goals are judged as they are written, the report lands between its markers, and a small run measures and checks. */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { plantTree, repository } from "./planted-tree.ts";
import { type Ended, runNode } from "./run-script.ts";

type Sample = Record<string, number | boolean>;
type Adapter = { name: string; role: string; operations?: number; samples?: Sample[]; reason?: string };
type Cell = { transport: string; workload: string; adapters: Adapter[] };

const limit = (name: string, ...samples: Sample[]): Adapter => ({
  name,
  role: "limit",
  operations: 1_000,
  samples,
});
const sluice = (...samples: Sample[]): Adapter => ({
  name: "sluice",
  role: "sluice",
  operations: 1_000,
  samples,
});
const peer = (name: string, ...samples: Sample[]): Adapter => ({
  name,
  role: "peer",
  operations: 1_000,
  samples,
});
const cpu = (value: number): Sample => ({
  cpu: value,
  serverCpu: value / 2,
  clientCpu: value / 2,
  perSecond: 1_000,
});
const rate = (value: number): Sample => ({ ...cpu(1), perSecond: value });
const cell = (workload: string, transport: string, ...adapters: Adapter[]): Cell => ({
  workload,
  transport,
  adapters,
});

/** Results as `run.mjs` keeps them, of Nodes by version. */
function resultsOf(nodes: Record<string, Cell[]>, bundles: object = {}): object {
  return {
    form: "full",
    runs: 3,
    measuredAt: "2026-01-02T03:04:05.678Z",
    machine: {
      cores: 2,
      cpu: "A processor",
      memoryGiB: 8,
      system: "Linux 1",
      loadBefore: ["0.0"],
      isPinned: true,
    },
    adapters: [{ name: "raw", title: "the limit" }],
    nodes: Object.entries(nodes).map(([version, cells]) => ({ version, cells, bundles })),
  };
}

function report(results: object, ...args: string[]): Promise<Ended> {
  const root = plantTree({ "results.json": results });
  return runNode([join(repository, "bench/report.mjs"), join(root, "results.json"), ...args]);
}

/** The goal's row: what was measured and whether that is enough, for each Node. */
async function verdictOf(results: object, goal: string, link: string): Promise<string[]> {
  const { stdout, stderr } = await report(results);
  const row = stdout.split("\n").find((line) => line.startsWith(`| ${goal} | ${link} |`));
  if (row === undefined) throw new Error(`no row ${goal}, ${link}: ${stderr}`);
  return row
    .split("|")
    .slice(4, -1)
    .map((text) => text.trim());
}

describe("a goal", () => {
  test.each([
    [1.4, "yes"],
    [1.41, "**no**"],
  ])("of a ratio at most 1.4 is judged at %d", async (factor, isMet) => {
    const cells = [cell("W2", "unix", limit("raw", cpu(10)), sluice(cpu(10 * factor)))];
    const [measured, met] = await verdictOf(resultsOf({ "v24.1.0": cells }), "PERF-W2", "Unix socket");
    expect(measured).toContain(`${factor.toFixed(2)} ×`);
    expect(met).toBe(isMet);
  });

  test.each([
    [6_000, "yes"],
    [5_900, "**no**"],
  ])("of a rate at least 0.6 of the limit's is judged at %d of 10,000", async (perSecond, isMet) => {
    const cells = [cell("W6-64", "tcp", limit("raw", rate(10_000)), sluice(rate(perSecond)))];
    const results = resultsOf({ "v24.1.0": cells });
    expect((await verdictOf(results, "PERF-W6, 64 in flight", "TCP"))[1]).toBe(isMet);
  });

  test("of speed is 1.5 times as wide on another Node, one of memory is not", async () => {
    const idle = (bytes: number): Sample => ({ bytes, serverBytes: bytes, clientBytes: bytes });
    const cells = [
      cell("W2", "unix", limit("raw", cpu(10)), sluice(cpu(21))),
      cell("W8-connections", "unix", limit("raw", idle(1024)), sluice(idle(1024 * 5.5))),
    ];
    const results = resultsOf({ "v24.1.0": cells, "v20.1.0": cells });
    const [, on24, , on20] = await verdictOf(results, "PERF-W2", "Unix socket");
    expect([on24, on20]).toEqual(["**no**", "yes"]);
    const [measured, ...rest] = await verdictOf(results, "PERF-W8, connections", "Unix socket");
    expect(measured).toBe("raw (1.00) + 4.50 KiB");
    expect([rest[0], rest[2]]).toEqual(["**no**", "**no**"]);
  });

  test("is judged run by run, not by medians of each", async () => {
    const cells = [
      cell("W2", "unix", limit("raw", cpu(1), cpu(2), cpu(10)), sluice(cpu(3), cpu(2), cpu(10.5))),
    ];
    const [measured, met] = await verdictOf(resultsOf({ "v24.1.0": cells }), "PERF-W2", "Unix socket");
    expect(measured).toBe("1.05 × (1.02–2.02)");
    expect(met).toBe("yes");
  });

  test("against raw `ws` takes the better of plain and corked, one against corked does not", async () => {
    const p50 = (value: number): Sample => ({ ...cpu(1), p50: value });
    const cells = [
      cell("W1", "ws", limit("raw", p50(40)), limit("raw-plain", p50(20)), sluice(p50(30))),
      cell("W2", "ws", limit("raw", cpu(8)), limit("raw-plain", cpu(4)), sluice(cpu(8))),
    ];
    const results = resultsOf({ "v24.1.0": cells });
    expect((await verdictOf(results, "PERF-W1", "WebSocket"))[0]).toContain("1.50 ×");
    expect((await verdictOf(results, "PERF-W2", "WebSocket"))[0]).toContain("1.00 ×");
  });

  test("against the best peer takes the one with the least CPU", async () => {
    const cells = [cell("W2", "http", peer("slow", cpu(400)), peer("quick", cpu(200)), sluice(cpu(30)))];
    const [measured, met] = await verdictOf(resultsOf({ "v24.1.0": cells }), "PERF-W2", "HTTP and SSE");
    expect(measured).toBe("0.15 × quick");
    expect(met).toBe("yes");
  });

  test.each([
    [600, 1, "yes"],
    [1_400, 1, "**no**"],
    [600, 9, "**no**"],
  ])("of a slow consumer is judged at %d items ahead and %d MiB more", async (ahead, growth, isMet) => {
    const sample = { ahead, serverGrowth: growth * 2 ** 20, clientGrowth: 0 };
    const cells = [cell("W5", "unix", sluice(sample))];
    expect((await verdictOf(resultsOf({ "v24.1.0": cells }), "PERF-W5", "Unix socket"))[1]).toBe(isMet);
  });

  test("of a bundle is judged in kB", async () => {
    const results = resultsOf({ "v24.1.0": [] }, { "Sluice over ws": { gzip: 12_001 } });
    expect(await verdictOf(results, "PERF-W10", "WebSocket")).toEqual(["12.0 kB", "**no**"]);
  });

  test("that was not measured is neither met nor unmet, and says why", async () => {
    const cells = [
      cell("W2", "unix", { name: "raw", role: "limit", reason: "it is away" }, sluice(cpu(1))),
      cell("W4", "unix", limit("raw", cpu(1))),
    ];
    const results = resultsOf({ "v24.1.0": cells });
    expect(await verdictOf(results, "PERF-W2", "Unix socket")).toEqual(["it is away", "–"]);
    expect(await verdictOf(results, "PERF-W4", "Unix socket")).toEqual(["not measured in this run", "–"]);
    expect((await report(results)).stdout).toContain("* `raw`: it is away (W2 over unix)");
  });
});

describe("a report", () => {
  const cells = [
    cell("W2", "ws", limit("raw", cpu(8)), sluice(cpu(9)), peer("other", cpu(30))),
    cell("W4", "ws", limit("raw", cpu(2)), sluice(cpu(1.5))),
  ];
  const results = resultsOf({ "v24.1.0": cells });
  const page = (block: string): string => `# Performance\n\nBy hand.\n\n${block}\n\n## More by hand\n`;
  const begin = "<!-- bench: written by `node bench/report.mjs --write` from bench/results/results.json -->";
  const end = "<!-- bench: end -->";

  async function write(performance: string): Promise<{ root: string; ended: Ended }> {
    const root = plantTree({ "docs/performance.md": performance });
    mkdirSync(join(root, "bench"));
    return { root, ended: await report(results, "--write", "--root", root) };
  }

  test("replaces what is between the markers, and nothing else", async () => {
    const { root, ended } = await write(page(`${begin}\n\nold\n\n${end}`));
    expect(ended).toMatchObject({ status: 0 });
    const written = readFileSync(join(root, "docs/performance.md"), "utf8");
    expect(written).not.toContain("old");
    expect(written.startsWith(`# Performance\n\nBy hand.\n\n${begin}`)).toBe(true);
    expect(written.endsWith(`${end}\n\n## More by hand\n`)).toBe(true);
    expect(written).toContain("| `other` | 30.0 µs · 1.00k/s (3.75 ×) |");
  });

  test("keeps results from which the same report is made again", async () => {
    const { root } = await write(page(`${begin}\n${end}`));
    const first = readFileSync(join(root, "docs/performance.md"), "utf8");
    const again = await runNode([join(repository, "bench/report.mjs"), "--write", "--root", root]);
    expect(again).toMatchObject({ status: 0 });
    expect(readFileSync(join(root, "docs/performance.md"), "utf8")).toBe(first);
  });

  test("draws a bar for every adapter of W2 and W4", async () => {
    const { root } = await write(page(`${begin}\n${end}`));
    const chart = readFileSync(join(root, "bench/results/chart-node24.svg"), "utf8");
    const bars = [...chart.matchAll(/<rect x="[\d.]+" y="[\d.]+" width="([\d.]+)" height="13"/g)].map(
      ([, width]) => Number(width),
    );
    expect(bars).toHaveLength(5);
    expect(bars[2]).toBe(Math.max(...bars)); // 30 µs
    expect(bars[4]).toBe(Math.min(...bars)); // 1.5 µs
  });

  test("is refused by a page without markers", async () => {
    const { ended } = await write(page("no markers"));
    expect(ended.status).toBe(1);
    expect(ended.stderr).toContain("lacks the markers");
  });
});

test("statistics interpolate between the nearest values", async () => {
  const { median, quantile } = await import(pathToFileURL(join(repository, "bench/statistics.mjs")).href);
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(quantile([1, 2, 3, 4, 5], 0.25)).toBe(2);
});

test("checks of the workloads refuse an item that is missing, doubled or changed, and another chunk", async () => {
  const { TickCheck, tick, checkChunk, chunkAt } = await import(
    pathToFileURL(join(repository, "bench/values.mjs")).href
  );
  const taken = (...items: object[]) => {
    const check = new TickCheck();
    for (const item of items) check.take(item);
    check.finish(2);
  };
  expect(() => taken(tick(0), tick(1))).not.toThrow();
  expect(() => taken(tick(0))).toThrow("1 of 2 items came");
  expect(() => taken(tick(0), tick(2))).toThrow("item 1 came as");
  expect(() => taken(tick(0), tick(0))).toThrow("item 1 came as");
  expect(() => taken(tick(0), { ...tick(1), value: 7 })).toThrow("item 1 came as");
  expect(() => checkChunk(chunkAt(65), 65)).not.toThrow();
  expect(() => checkChunk(chunkAt(65), 66)).toThrow("chunk 66 came as");
  expect(() => checkChunk(chunkAt(65).subarray(1), 65)).toThrow("chunk 65 came as");
});

test("a run measures both sides of the limit and of Sluice, and says what each goal comes to", async () => {
  const args = ["--operations", "0.002", "--runs", "2", "--transports", "unix", "--workloads", "W2"];
  const sources = ["--import", "tsx", "--conditions=@sluice/source"];
  const { status, stdout, stderr } = await runNode(
    [...sources, join(repository, "bench/run.mjs"), ...args, "--adapters", "raw,sluice", "--json"],
    { cwd: repository },
  );
  expect(stderr).toContain("W2 over unix (1 of 1)");
  expect(status).toBe(0);
  const { nodes } = JSON.parse(stdout) as { nodes: { version: string; cells: Cell[] }[] };
  expect(nodes.map(({ version }) => version)).toEqual([process.version]);
  for (const { adapters } of nodes[0]?.cells ?? []) {
    expect(adapters.map(({ name }) => name)).toEqual(["raw", "sluice"]);
    for (const { samples = [] } of adapters) {
      expect(samples).toHaveLength(2);
      for (const sample of samples) {
        expect(sample.perSecond).toBeGreaterThan(0);
        expect(sample.cpu).toBeCloseTo(Number(sample.serverCpu) + Number(sample.clientCpu), 1);
      }
    }
  }
});
