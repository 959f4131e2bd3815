/** The calculator on a Unix socket. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bind, Server } from "@sluice/server";
import { Calculator } from "./calculator.ts";
import { calculator } from "./protocol.ts";

export const server = new Server({
  protocol: calculator,
  handlers: bind(calculator, new Calculator()),
  public: true,
});
export const url = `unix:${join(tmpdir(), `calculator-${process.pid}.sock`)}`;
await server.listen(url);
