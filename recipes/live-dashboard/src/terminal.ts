/** What the dashboard prints, as lines of text: icons, colours where they are wanted, nothing that drives the terminal. */
import type { HostMetrics } from "./host-metrics.ts";
import type { LogEntry, LogLevel } from "./log-line.ts";

export interface RestartReport {
  readonly success: boolean;
  readonly message: string;
}

const icons: Record<LogLevel, string> = { debug: "🔍", info: "ℹ️", warn: "⚠️", error: "❌" };

/** SGR parameters: grey, blue, yellow, red. */
const colours: Record<LogLevel, number> = { debug: 90, info: 34, warn: 33, error: 31 };

/** Whether to colour what goes to `output`: it is a terminal that knows colours, and `NO_COLOR` is not set. */
export function wantsColour(
  output: { readonly isTTY?: boolean },
  env: NodeJS.ProcessEnv = process.env,
): boolean {
  return output.isTTY === true && env.TERM !== "dumb" && !env.NO_COLOR;
}

/**
 * Makes text harmless to print: control characters (escape sequences, line breaks), invisible marks that turn the
 * writing direction, and line separators appear as `\x1b` or `\u202e`.
 */
export function escapeControls(text: string): string {
  return text.replace(/[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code.padStart(4, "0")}` : `\\x${code.padStart(2, "0")}`;
  });
}

/** The printed forms; each method returns one line (or a line with empty ones around it) without its newline. */
export class TerminalLines {
  readonly #isColoured: boolean;

  constructor(isColoured: boolean) {
    this.#isColoured = isColoured;
  }

  metrics({ cpu, memory, timestamp }: HostMetrics): string {
    const time = new Date(timestamp).toTimeString().slice(0, 8);
    return `${this.#paint(90, `[${time}]`)} CPU: ${cpu.toFixed(2)}% | Memory: ${memory.toFixed(2)}%`;
  }

  log({ level, message }: LogEntry): string {
    return `${icons[level]} ${this.#paint(colours[level], `[${level.toUpperCase()}]`)} ${escapeControls(message)}`;
  }

  changingFilter(level: LogLevel): string {
    return `\n📝 Changing log filter to ${level.toUpperCase()} level...\n`;
  }

  restarting(service: string): string {
    return `\n🔄 Restarting ${escapeControls(service)} service...\n`;
  }

  restarted({ success, message }: RestartReport): string {
    return `${success ? "✅" : "❌"} ${escapeControls(message)}`;
  }

  disconnecting(): string {
    return "\n👋 Disconnecting...";
  }

  metricsEnded(totalSamples: number): string {
    return `Metrics stream ended. Total samples: ${totalSamples}`;
  }

  logsEnded(totalLogs: number): string {
    return `Log channel ended. Total logs: ${totalLogs}`;
  }

  #paint(colour: number, text: string): string {
    return this.#isColoured ? `\x1b[${colour}m${text}\x1b[39m` : text;
  }
}
