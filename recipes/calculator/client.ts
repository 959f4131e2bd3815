/** Calculates over a Unix socket: server and client in one process, which ends by itself. */
import { connect } from "@sluice/client";
import { isError } from "@sluice/protocol";
import { calculator } from "./protocol.ts";
import { server, url } from "./server.ts";

const client = await connect(url, { protocol: calculator });
const { add, divide, fibonacci } = client.api;

console.log("add", await add(10, 20));

const numbers: number[] = [];
for await (const number of fibonacci(6)) numbers.push(number);
console.log("fib", ...numbers);

try {
  console.log("divide", await divide(1, 0));
} catch (error) {
  if (!isError(error, calculator, "divide", "DIVISION_BY_ZERO")) throw error;
  console.log("divide", error.code);
}

await client.dispose();
await server.dispose();
