/** The logger that is used where none was given: warnings and errors go to the console, the rest nowhere. */
import type { LogFields, Logger } from "../definition/handler-types.ts";

function ignore(): void {}

export const consoleLogger: Logger = {
  trace: ignore,
  debug: ignore,
  info: ignore,
  warn: (message, fields) => console.warn(...line(message, fields)),
  error: (message, fields) => console.error(...line(message, fields)),
};

function line(message: string, fields: LogFields | undefined): unknown[] {
  return fields === undefined ? [`sluice: ${message}`] : [`sluice: ${message}`, fields];
}
