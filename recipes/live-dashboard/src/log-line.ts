/** Log entries as lines of text: `2026-11-21T10:00:00.000Z INFO  web[1234] message`. */

/** From the most talkative to the most urgent. */
export const logLevels = ["debug", "info", "warn", "error"] as const;

export type LogLevel = (typeof logLevels)[number];

export interface LogEntry {
  readonly level: LogLevel;
  /** Who says what: `web[1234] message`. */
  readonly message: string;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
}

/** Whether an entry of this level passes a filter that is set to `threshold`. */
export function isAtLeast(level: LogLevel, threshold: LogLevel): boolean {
  return logLevels.indexOf(level) >= logLevels.indexOf(threshold);
}

/** One line, without its newline. Line breaks in the message become `\n` and `\r`, so that an entry stays one line. */
export function formatLogLine({ level, message, timestamp }: LogEntry): string {
  const oneLine = message.replaceAll("\n", "\\n").replaceAll("\r", "\\r");
  return `${new Date(timestamp).toISOString()} ${level.toUpperCase().padEnd(5)} ${oneLine}`;
}

const lineForm = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (DEBUG|INFO |WARN |ERROR) (.*)$/s;

/** The entry that a line holds. A line of another form is passed on whole: level info, the time `nowMs`. */
export function parseLogLine(line: string, nowMs: number = Date.now()): LogEntry {
  const [, time = "", word = "", message = ""] = lineForm.exec(line) ?? [];
  const timestamp = Date.parse(time);
  const level = logLevels.find((name) => name === word.trimEnd().toLowerCase());
  if (level === undefined || Number.isNaN(timestamp))
    return { level: "info", message: line, timestamp: nowMs };
  return { level, message, timestamp };
}
