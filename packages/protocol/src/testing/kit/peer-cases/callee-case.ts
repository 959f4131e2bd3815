/**
 * What the cases for a peer that serves the test service have in common: a handshake before, and OPENs that say what is needed.
 */
import type { CaseStep, FrameFields, PeerCase } from "../peer-case.ts";

/** A case for a peer that was connected to, behind a handshake. */
export function callee(id: string, title: string, ...steps: readonly CaseStep[]): PeerCase {
  return { id, title, role: "acceptor", steps: [{ greet: {} }, ...steps] };
}

/** An OPEN of a call whose caller sends nothing but the param. */
export function open(call: number, name: string, value?: unknown, more: object = {}): FrameFields {
  return { type: "OPEN", call, name, value, halfClosed: true, ...more };
}

export const isAlive: CaseStep = { alive: true };

export function done(...calls: number[]): CaseStep {
  return { say: { type: "DONE", calls } };
}
