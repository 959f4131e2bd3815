/** The four kinds of procedure, and the slots that a definition of each kind may have. */

export const procedureKinds = ["request", "stream", "channel", "event"] as const;

/** `request`: one answer · `stream`: items, then an answer · `channel`: items both ways, then an answer · `event`: no answer. */
export type ProcedureKind = (typeof procedureKinds)[number];

/** Slots that hold a schema. */
export type SchemaSlot = "param" | "result" | "receive" | "send" | "data";

/** Slots that tell people and tools about a procedure; every kind has them. */
export type DescriptiveSlot = "description" | "deprecated" | "examples" | "tags";

export type SlotName = SchemaSlot | DescriptiveSlot | "errors" | "idempotent" | "cursor";

const descriptive: readonly DescriptiveSlot[] = ["description", "deprecated", "examples", "tags"];

/** Every slot that a kind may have, in the order of the documentation; `type` is not among them. */
export const slotsByKind: Readonly<Record<ProcedureKind, readonly SlotName[]>> = {
  request: ["param", "result", "errors", "idempotent", ...descriptive],
  stream: ["param", "receive", "result", "errors", "cursor", ...descriptive],
  channel: ["param", "send", "receive", "result", "errors", ...descriptive],
  event: ["data", ...descriptive],
};

/** The slots that a kind cannot do without. */
export const requiredSlotsByKind: Readonly<Record<ProcedureKind, readonly SchemaSlot[]>> = {
  request: [],
  stream: ["receive"],
  channel: [],
  event: [],
};

/** Every slot that holds a schema. */
export const schemaSlots: readonly SchemaSlot[] = ["param", "result", "receive", "send", "data"];

export function isProcedureKind(value: unknown): value is ProcedureKind {
  return (procedureKinds as readonly unknown[]).includes(value);
}
