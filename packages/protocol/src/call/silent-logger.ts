/** The logger for those who want to hear nothing. */
import type { Logger } from "../definition/handler-types.ts";

function ignore(): void {}

export const silentLogger: Logger = {
  trace: ignore,
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
};
