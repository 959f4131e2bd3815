/**
 * The types of a protocol's slots by procedure, such as `ParamOf<typeof shop, "orders/place">`.
 *
 * A protocol is `typeof shop`, or an interface that extends it: `interface Shop extends ShopDefinition {}` with
 * `type ShopDefinition = typeof shop` keeps messages and `.d.ts` files short. Of a protocol that is only known to be
 * a `ProtocolDefinition`, every value is `unknown`.
 */
import type { StandardTypedV1 } from "@standard-schema/spec";
import type { SluiceError } from "../errors/sluice-error.ts";
import type { Infer } from "./infer.ts";
import type { ProcedureKind } from "./kinds.ts";

/**
 * The values of a slot, on the wire and in handlers: those that its schema accepts. Of a Standard Schema it is the input
 * type, since nothing transforms values on their way.
 */
export type ValueOf<Slot> = unknown extends Slot
  ? unknown
  : "~standard" extends keyof Slot
    ? StandardInput<Slot>
    : Infer<Slot>;

type StandardInput<Slot> = Slot extends StandardTypedV1
  ? NonNullable<Slot["~standard"]["types"]>["input"]
  : unknown;

/** What opens a call: `ParamOf<typeof shop, "orders/place">`. `undefined` if the procedure has none. */
export type ParamOf<Protocol, Procedure extends keyof Protocol> = Protocol[Procedure] extends {
  readonly param: infer Slot;
}
  ? ValueOf<Slot>
  : WithoutSlot<Protocol[Procedure], "param", undefined>;

/** What ends a call. `void` if the procedure has none. */
export type ResultOf<Protocol, Procedure extends keyof Protocol> = Protocol[Procedure] extends {
  readonly result: infer Slot;
}
  ? ValueOf<Slot>
  : WithoutSlot<Protocol[Procedure], "result", void>;

/** An item that the client receives. `never` if the procedure sends none. */
export type ReceiveOf<Protocol, Procedure extends keyof Protocol> = Protocol[Procedure] extends {
  readonly receive: infer Slot;
}
  ? ValueOf<Slot>
  : WithoutSlot<Protocol[Procedure], "receive", never>;

/** An item that the client sends. `never` if the procedure takes none. */
export type SendOf<Protocol, Procedure extends keyof Protocol> = Protocol[Procedure] extends {
  readonly send: infer Slot;
}
  ? ValueOf<Slot>
  : WithoutSlot<Protocol[Procedure], "send", never>;

/** The body of an event. `undefined` if it has none. */
export type DataOf<Protocol, Procedure extends keyof Protocol> = Protocol[Procedure] extends {
  readonly data: infer Slot;
}
  ? ValueOf<Slot>
  : WithoutSlot<Protocol[Procedure], "data", undefined>;

/** Where an item stands: the property of `receive` that `cursor` names. `undefined` if the procedure names none. */
export type CursorOf<Protocol, Procedure extends keyof Protocol> = Protocol[Procedure] extends {
  readonly cursor: infer Name;
}
  ? Name extends keyof ReceiveOf<Protocol, Procedure>
    ? ReceiveOf<Protocol, Procedure>[Name]
    : unknown
  : WithoutSlot<Protocol[Procedure], "cursor", undefined>;

/** `Absent` if a definition has no such slot; `unknown` if it may have one, which is all that is known of it. */
type WithoutSlot<Definition, Slot extends string, Absent> = Definition extends unknown
  ? Slot extends keyof Definition
    ? unknown
    : Absent
  : never;

/** An error that a procedure declares: its `code` says which type its `data` has. */
export interface DeclaredError<Code extends string, Data> extends SluiceError {
  readonly code: Code;
  readonly data: Data;
}

/** The codes that a procedure declares. */
export type ErrorCodeOf<Protocol, Procedure extends keyof Protocol> = Protocol[Procedure] extends {
  readonly errors: infer Errors;
}
  ? keyof Errors & string
  : unknown extends WithoutSlot<Protocol[Procedure], "errors", never>
    ? string
    : never;

/** The data of one declared error. `undefined` if it has none. */
export type ErrorDataOf<
  Protocol,
  Procedure extends keyof Protocol,
  Code extends string,
> = Protocol[Procedure] extends { readonly errors: { readonly [C in Code]: infer Declared } }
  ? Declared extends { readonly data: infer Slot }
    ? ValueOf<Slot>
    : WithoutSlot<Declared, "data", undefined>
  : unknown;

/** The errors that a procedure declares, as a union that `code` tells apart. */
export type ErrorOf<Protocol, Procedure extends keyof Protocol> = {
  [Code in ErrorCodeOf<Protocol, Procedure>]: DeclaredError<Code, ErrorDataOf<Protocol, Procedure, Code>>;
}[ErrorCodeOf<Protocol, Procedure>];

/** The names of a protocol's procedures, of all kinds or of some: `ProcedureNames<typeof shop, "stream" | "channel">`. */
export type ProcedureNames<Protocol, Kind extends ProcedureKind = ProcedureKind> = {
  [Procedure in keyof Protocol]: Protocol[Procedure] extends { readonly type: infer Type }
    ? Kind extends Type
      ? Procedure
      : never
    : never;
}[keyof Protocol] &
  string;

/** The kind of a procedure. */
export type KindOf<Protocol, Procedure extends keyof Protocol> = Protocol[Procedure] extends {
  readonly type: infer Kind extends ProcedureKind;
}
  ? Kind
  : ProcedureKind;
