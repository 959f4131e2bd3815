/** The one string that differs: where the server listens, by the command line's `--tcp` and `--port <number>`. */
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: { tcp: { type: "boolean", default: false }, port: { type: "string", default: "30015" } },
});

export const address = `${values.tcp ? "tcp" : "ws"}://127.0.0.1:${values.port}`;
