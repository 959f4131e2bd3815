/**
 * A window that does not grow and messages that fill it to the byte, so that the arithmetic of credit is exact.
 *
 * Spec: docs/wire.md §2.
 */
import { messageOverhead } from "../../limits.ts";

/** Offset bytes that a call may have under way; also the default. */
export const window = 65_536;
/** With its 64 bytes such a message takes a 64th of the window. */
export const payloadBytes = 960;
/** What such a message costs. */
export const messageBytes: number = payloadBytes + messageOverhead;
/** The limits of a peer whose windows do not grow. */
export const fixedWindow: { readonly limits: { readonly window: number; readonly maxWindow: number } } = {
  limits: { window, maxWindow: window },
};
