/**
 * A dashboard's client as a guide writes it: readers that nobody awaits, others that send and call meanwhile, and `dispose()` at the end,
 * which lets both readers come to their results. Argument: the socket's path.
 */
import { Client } from "@sluice/client";
import type { AnyClientMessageOf, AnyServerMessageOf } from "@sluice/protocol";
import { SocketTransport } from "@sluice/transport-socket";
import type { dashboard } from "./protocol.ts";

/** Ten lines of that level one after the other: others do not come any more. */
const errors = Array(10).fill("error").join();

function gate() {
  let open = () => {};
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

async function main() {
  const transport = new SocketTransport<
    AnyServerMessageOf<typeof dashboard>,
    AnyClientMessageOf<typeof dashboard>
  >({ socket: process.argv[2] as string });
  const client = new Client({ transport });
  try {
    const metrics = client.stream("metrics/stream", { param: { interval: 20 } });
    let samples = 0;
    const [firstSample, allLevels, manyErrors] = [gate(), gate(), gate()];
    const readMetrics = async () => {
      try {
        for await (const metric of metrics.readable) {
          samples++;
          if (samples > 1) continue;
          console.log(`CPU: ${metric.cpu.toFixed(2)}% | Memory: ${metric.memory.toFixed(2)}%`);
          firstSample.open();
        }
        const result = await metrics;
        console.log(
          `Samples: ${result.totalSamples === samples ? "all" : `${samples} of ${result.totalSamples}`}`,
        );
      } catch (error) {
        console.error("The metrics failed:", error);
      }
    };
    const logs = client.channel("logs/watch", { param: { level: "info" } });
    const seen: string[] = [];
    const readLogs = async () => {
      try {
        for await (const { level } of logs.readable) {
          seen.push(level);
          if (new Set(seen).size === 3) allLevels.open();
          if (seen.slice(-10).join() === errors) manyErrors.open();
        }
        const result = await logs;
        console.log(`Levels: ${[...new Set(seen)].sort().join(", ")}; at last ${seen.at(-1)}`);
        console.log(`Lines: ${result.totalLogs > 0}`);
      } catch (error) {
        console.error("The log failed:", error);
      }
    };
    void readMetrics();
    void readLogs();
    void allLevels.promise.then(async () => {
      const writer = logs.writable.getWriter();
      await writer.write({ level: "error" });
      writer.releaseLock();
    });
    await Promise.all([firstSample.promise, manyErrors.promise]);
    const result = await client.request("system/restart", { param: { service: "web" } });
    console.log(result.success ? result.message : `Failed: ${result.message}`);
    console.log("Leaving");
    await client.dispose();
  } catch (error) {
    console.error("The client failed:", error);
  }
}

main().catch(console.error);
