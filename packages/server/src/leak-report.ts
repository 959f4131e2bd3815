/**
 * What a server says of handlers that go on after their signals have aborted: which, how many of each, for how long.
 */
import type { LogFields } from "@sluice/protocol";
import type { Session } from "@sluice/protocol/wire";

/** Procedures that are named in the message; the fields have all. */
const mostNamed = 10;

/** Of one procedure. */
interface Leak {
  readonly procedure: string;
  /** Handlers that run. */
  count: number;
  /** How long the oldest of their calls has been there, ms. */
  longestMs: number;
}

type Handlers = readonly Pick<Session["handlers"][number], "procedure" | "openedAt">[];

/**
 * Reports `handlers`, which have not settled `waitMs` after their signals aborted. The procedure with the most of them comes first.
 * @param now by the clock of their sessions, ms
 */
export function leakReport(
  handlers: Handlers,
  now: number,
  waitMs: number,
): { readonly message: string; readonly fields: LogFields } {
  const leaks = leaksOf(handlers, now);
  const named = leaks.slice(0, mostNamed).map(describe);
  if (leaks.length > mostNamed) named.push(`and of ${leaks.length - mostNamed} more procedures`);
  const ignoring =
    handlers.length === 1 ? "1 handler ignores that its" : `${handlers.length} handlers ignore that their`;
  return {
    message: `${ignoring} signal has aborted, ${waitMs} ms after the shutdown: ${named.join(", ")}`,
    fields: { handlers: leaks },
  };
}

function leaksOf(handlers: Handlers, now: number): readonly Leak[] {
  const leaks = new Map<string, Leak>();
  for (const { procedure, openedAt } of handlers) {
    const leak = leaks.get(procedure) ?? { procedure, count: 0, longestMs: 0 };
    leak.count++;
    leak.longestMs = Math.max(leak.longestMs, Math.round(now - openedAt));
    leaks.set(procedure, leak);
  }
  return [...leaks.values()].sort((a, b) => b.count - a.count || b.longestMs - a.longestMs);
}

function describe({ procedure, count, longestMs }: Leak): string {
  return count === 1
    ? `${procedure} for ${longestMs} ms`
    : `${count} of ${procedure} for up to ${longestMs} ms`;
}
