/**
 * A case of the transport suite, as data.
 */
import type { Rig } from "./rig.ts";

export interface SuiteCase {
  /** Stable: `FC-1`. Several cases may share one. */
  readonly id: string;
  /** What must hold. */
  readonly title: string;
  /** What the case cannot do without: links of one kind, or a way to collect garbage. */
  readonly needs?: "binary" | "structured" | "garbage collection";
  /** Fails by rejecting. */
  run(rig: Rig): Promise<void>;
}
