// The reader of stalled.mjs that is stopped: reads a stream, and says when it has begun.
import { connect } from "@sluice/client";

const [address, count] = process.argv.slice(2);
const client = await connect(address);
let received = 0;
for await (const _ of client.stream("ticks", { param: Number(count) })) {
  if (++received === 100) process.send({ received });
}
