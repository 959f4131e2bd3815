/**
 * What the cases for a peer that calls us have in common: a handshake before, commands to call, and the OPENs that must come.
 */
import type { CaseStep, PeerCase, PeerCommand } from "../peer-case.ts";

/** A case for a peer that connects to us. */
export function connector(id: string, title: string, ...steps: readonly CaseStep[]): PeerCase {
  return { id, title, role: "connector", steps };
}

/** A case for a peer that connects to us, behind a handshake. */
export function caller(id: string, title: string, ...steps: readonly CaseStep[]): PeerCase {
  return connector(id, title, { greet: {} }, { told: "connect", answer: { connected: true } }, ...steps);
}

/** What the program is told: to make a call. */
export function call(procedure: string, options: object = {}): PeerCommand {
  return { do: "call", procedure, ...options };
}

export const echo: CaseStep = { tell: call("echo", { param: "hello" }), as: "a" };

/** Its OPEN must come: everything of the's OPEN that can be wrong. */
export function opened(at: number, name: string, more: object = {}): CaseStep {
  return {
    hear: {
      type: "OPEN",
      call: 2 * at - 1,
      origin: "$epoch",
      number: at,
      name,
      event: false,
      stop: false,
      resume: { $is: "absent" },
      routed: false,
      more: false,
      ...more,
    },
  };
}
