/**
 * A case for a peer in any language, as data: what our raw end sends, what it must hear, and what the peer is told to do meanwhile.
 *
 * Cases can be written as JSON and read by another runner. Spec: docs/conformance-kit.md.
 */

/** A frame by its fields: those to be sent, or those of one that came. docs/conformance-kit.md lists them by type. */
export interface FrameFields {
  /** `HELLO`, `OPEN`, …, or the number of an extension. */
  readonly type: string | number;
  /** Default 0: the link's. */
  readonly call?: number;
  readonly [field: string]: unknown;
}

/** What a frame, an answer or a part of it must look like: equal, member by member; members that are not named do not matter. */
export type Pattern = unknown;

/** What the program of the peer can be told to do. */
export interface PeerCommand {
  readonly do: "describe" | "listen" | "connect" | "call" | "close";
  readonly [option: string]: unknown;
}

/** One step. Each must succeed for the next to begin. */
export type CaseStep =
  /** Sends frames in one write; `bytewise`: a byte at a time. */
  | { readonly say: FrameFields | readonly FrameFields[]; readonly bytewise?: true }
  /** Sends bytes, in hexadecimal. */
  | { readonly bytes: string }
  /** Shakes hands with what well-behaved peers say, and with `changes`. */
  | { readonly greet: Readonly<Record<string, unknown>> }
  /** The next frame of this type and call is like this. `should`: deviations from that pattern make the case non-strict. */
  | { readonly hear: FrameFields; readonly should?: Pattern }
  /**
   * Messages of a call from an offset on, in order, whole or in pieces, until these values have come; never beyond the limit, which is
   * raised to `step` beyond what came each time that nothing more fits. `as`: DATA, or the RESULT.
   */
  | {
      readonly take: readonly unknown[];
      readonly call: number;
      readonly as?: "DATA" | "RESULT";
      /** Default 0. */
      readonly from?: number;
      readonly limit: number;
      readonly step?: number;
    }
  /** Sends messages of a call from an offset on, never beyond what the peer has granted: waits for CREDIT where it has to. `end`: END follows. */
  | {
      readonly pour: readonly unknown[];
      readonly call: number;
      readonly from: number;
      readonly end?: true;
    }
  /** No frame of the types comes for so long. */
  | { readonly quiet: readonly string[]; readonly ms: number }
  /** A PING is answered: all that was sent before was taken without offence. */
  | { readonly alive: true }
  /** Tells the peer's program to do something; `as`: goes on at once, and `told` awaits the answer by that name. */
  | { readonly tell: PeerCommand; readonly as?: string; readonly answer?: Pattern }
  | { readonly told: string; readonly answer: Pattern }
  /** The peer ends the link. Saying CLOSE with one of these codes before is what it should do. */
  | { readonly ends: readonly string[] }
  /** Our end cuts the link. */
  | { readonly cut: true }
  /** Steps over a second link to a peer that listens: made at the first of them, and the same for all that follow. */
  | { readonly beside: readonly CaseStep[] };

export interface PeerCase {
  /** Stable. Several cases may share one. */
  readonly id: string;
  /** What must hold. */
  readonly title: string;
  /** The part of the peer under test: `acceptor` is told to listen, `connector` to connect. */
  readonly role: "acceptor" | "connector";
  readonly steps: readonly CaseStep[];
}

/** As a {@link Pattern}: any value of a kind. */
export interface AnyOf {
  readonly $is: "integer" | "string" | "hex16" | "absent" | "odd";
  readonly min?: number;
  readonly max?: number;
}
