// The honest client: one request after the other with a short rest between, each measured. One that fails or takes 5 s is a failure.
import { setTimeout as rest } from "node:timers/promises";
import { connect } from "@sluice/client";
import { protocol } from "./protocol.mjs";

const [address] = process.argv.slice(2);
const client = await connect(address, { protocol, timeout: 5_000 });
const param = { id: 1, name: "neighbour", tags: ["a", "b", "c"] };

process.on("message", async ({ seconds }) => {
  const waits = [];
  let failures = 0;
  const until = performance.now() + seconds * 1000;
  while (performance.now() < until) {
    const startedAt = performance.now();
    try {
      await client.request("ask", { param });
      waits.push(performance.now() - startedAt);
    } catch {
      failures++;
    }
    await rest(1);
  }
  process.send({ waits, failures });
});
process.on("disconnect", () => process.exit());
await client.ready;
process.send({ ready: true });
